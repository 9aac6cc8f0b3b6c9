package mix

// Each context has a history of the next bit, in its slot, and says what its map says of that
// history. The loops over the contexts are most of what a bit costs.

// reciprocal[n] is 65536/(n+1.5), the rate after n observations.
var reciprocal [1024]uint32

func init() {
	for n := range reciprocal {
		reciprocal[n] = uint32(65536 * 2 / (2*n + 3))
	}
}

// learn moves an adaptive probability, 22 bits above a count of 10, towards bit.
func learn(e *uint32, bit, limit uint32) {
	v := *e
	n := v & 1023
	p := int64(v >> 10)
	p += (int64(bit*(1<<22-1)) - p) * int64(reciprocal[n]) >> 16
	if n < limit {
		n++
	}
	*e = uint32(p)<<10 | n
}

// predictStatesGeneric sets states to the histories at node in the slots, and x to what maps say of
// them: nothing of the empty one.
func predictStatesGeneric(slots []byte, slot []uint32, node uint32, maps [][256]uint32, states []uint8, x []int16) {
	maps, states, x = maps[:len(slot)], states[:len(slot)], x[:len(slot)]
	for i, at := range slot {
		s := slots[at+node]
		states[i] = s
		x[i] = stretchTable[maps[i][s]>>20] & int16(-int32(s)>>8)
	}
}

// learnStatesGeneric adds the bit y to the histories at node in the slots, and teaches it to the
// maps. Contexts may share a slot, so that its history need not be that in states any more.
func learnStatesGeneric(slots []byte, slot []uint32, node uint32, maps [][256]uint32, states []uint8, y, limit uint32) {
	maps, states = maps[:len(slot)], states[:len(slot)]
	for i, at := range slot {
		s := &slots[at+node]
		*s = nextState[*s][y&1]
		learn(&maps[i][states[i]], y, limit)
	}
}
