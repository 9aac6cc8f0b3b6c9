package mix

// A voter is an expert that predicts the byte whose bits are coded, and that has been right so far.
type voter struct {
	state  uint16 // in expertMaps
	input  uint16 // the first of its inputs
	number uint8  // of the expert
	byte   uint8
}

type voters struct {
	list  [expertCount]voter
	n     int
	live  uint32    // bit i: expert i is one
	votes [2]uint32 // how many say that the next bit is 0 and 1
}

// startExperts asks the experts for the byte.
func (m *model) startExperts() {
	v := &m.voters
	v.n, v.live = 0, 0
	at := len(m.contexts)
	for _, j := range m.level.experts {
		m.x[at], m.x[at+1] = 0, 0
		if c := m.predicted(j); c > 0 {
			e := &m.cursor.experts[j]
			e.byte = byte(c)
			v.list[v.n] = voter{uint16(j*confidences) + uint16(e.confidence()), uint16(at), uint8(j), e.byte}
			v.n++
			v.live |= 1 << j
		}
		at += inputsPerExpert
	}
}

// predictExperts sets the inputs of the voters, and counts their votes.
func (m *model) predictExperts() {
	v := &m.voters
	x, maps, shift := m.x, m.expertMaps, 7-m.bit
	ones := uint32(0)
	for _, e := range v.list[:v.n] {
		p := int32(maps[e.state] >> 20)
		y := uint32(e.byte) >> (shift & 7) & 1
		ones += y
		sign := int16(y) - 1
		xi := x[e.input:][:inputsPerExpert]
		xi[0], xi[1] = (stretchTable[p]^sign)-sign, (int16(p-2048)>>2^sign)-sign
	}
	v.votes = [2]uint32{uint32(v.n) - ones, ones}
}

// learnExperts learns that the bit predicted was y. Who was wrong is silent for the rest of the
// byte.
func (m *model) learnExperts(y uint32) {
	v := &m.voters
	x, maps, shift := m.x, m.expertMaps, 7-m.bit
	n, live := 0, v.live
	for i := range v.n {
		e := v.list[i]
		wrong := uint32(e.byte)>>(shift&7)&1 ^ y
		learn(&maps[e.state], wrong^1, 1023)
		xi := x[e.input:][:inputsPerExpert]
		xi[0], xi[1] = 0, 0
		live &^= wrong << (e.number & 31)
		v.list[n] = e
		n += int(wrong ^ 1)
	}
	v.n, v.live = n, live
}
