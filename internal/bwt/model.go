package bwt

import "unsafe"

// model predicts the bits of symbols in the order of their sorted contexts: next to each other are
// those that the same text follows. So it is the last few symbols that count, and how often each of
// them came.
type model struct {
	tree   tree
	last   uint32    // symbol
	before uint32    // the one in front of it
	recent [4]uint32 // the last different symbols, the last one first
	runs   uint32    // bits: which of the last symbols were equal to the one in front of them

	fast    [256]uint32 // counters by node: the bits of the symbol that are known, behind a 1
	middle  [256]uint32
	history [256]uint32 // the last bits at a node
	after1  [1 << 16]uint32
	after2  [1 << 16]uint32
	byBits  [1 << 16]uint32           // by node and history
	byRuns  [hints << 11]uint32       // by hint and runs
	mixer1  [256][inputs]int32        // by node
	mixer2  [hints << 3][inputs]int32 // by hint and depth, as the second map
	map1    [256 * mapPoints]uint16   // by node
	map2    [(hints << 3) * mapPoints]uint16
}

const (
	inputs    = 6
	hints     = 81 // 3^4: what the bit would be with each of the recent symbols, if it may be that
	mapPoints = 33
	modelSize = int(unsafe.Sizeof(model{}))
)

// A counter is a probability of a 1 in 22 bits, above 10 bits of how often it was adapted: its rate
// falls with that, down to a limit of its kind.
const (
	even = 1 << 31

	fastLimit   = 2
	middleLimit = 12
	afterLimit  = 20
	after2Limit = 60
	bitsLimit   = 250
	runsLimit   = 120
	slowest     = 250
)

// rates is the part of the error that a counter moves by, in 1/65536.
var rates [256]int64

func init() {
	for n := range rates {
		rates[n] = 65536 * 10 / int64(10*n+16)
	}
}

func adapt(c *uint32, target int64, limit uint32) {
	v := *c
	v += uint32((target-int64(v>>10))*rates[uint8(v)]>>16) << 10
	if v&1023 < limit {
		v++
	}
	*c = v
}

// move is by how much a weight moves, in 1/65536, for an input and an error.
func move(x, err int32) int32 { return (x*err + 1<<16) >> 17 }

func stretch(counter uint32) int32 { return int32(stretchTable[counter>>20]) }

func fill[T any](table []T, v T) {
	for i := range table {
		table[i] = v
	}
}

// reset makes the model what it is at the beginning.
func (m *model) reset() {
	m.last, m.before, m.runs = 0, 0, 0
	m.recent = [4]uint32{' ', 'e', 't', 'a'}
	for _, t := range [][]uint32{m.fast[:], m.middle[:], m.after1[:], m.after2[:], m.byBits[:], m.byRuns[:]} {
		fill(t, even)
	}
	fill(m.history[:], 0x555)
	var w [inputs]int32
	fill(w[:], 65536/10)
	fill(m.mixer1[:], w)
	fill(m.mixer2[:], w)
	for _, t := range [][]uint16{m.map1[:], m.map2[:]} {
		for i := range t {
			t[i] = uint16(squash(int32(i%mapPoints-mapPoints/2) * (stretchMax + 1) / (mapPoints / 2)))
		}
	}
}

// says is the bit at a depth of a code, 2 if it is not on the path.
func says(code, path, depth uint32) uint32 {
	other := (code ^ path) >> (16 - depth)
	off := (other | -other) >> 31
	return off<<1 | code>>(15-depth)&1&^off
}

// code codes the symbol, which a decoder gives.
func (m *model) code(coder *bitCoder, symbol uint32) uint32 {
	t := &m.tree
	r0, r1, r2, r3 := uint32(t.code[m.recent[0]&255]), uint32(t.code[m.recent[1]&255]), uint32(t.code[m.recent[2]&255]), uint32(t.code[m.recent[3]&255])
	last, before := m.last<<8, m.before<<8
	runs := m.runs & 0xff << 3
	bits, path := uint32(t.code[symbol&255]), uint32(0)
	node := uint32(1)
	for depth := uint32(0); node < 256; depth++ {
		hint := says(r0, path, depth) + 3*says(r1, path, depth) + 9*says(r2, path, depth) + 27*says(r3, path, depth)
		history := &m.history[uint8(node)]
		c0, c1 := &m.fast[uint8(node)], &m.middle[uint8(node)]
		c2, c3 := &m.after1[uint16(last|node)], &m.after2[uint16(before|node)]
		c4 := &m.byBits[uint16(node<<8|*history&0xff)]
		c5 := &m.byRuns[hint<<11|runs|min(depth, 7)]
		x0, x1, x2, x3, x4, x5 := stretch(*c0), stretch(*c1), stretch(*c2), stretch(*c3), stretch(*c4), stretch(*c5)
		w, v := &m.mixer1[uint8(node)], &m.mixer2[hint<<3|min(depth, 7)]
		sum := int64(x0)*int64(w[0]+v[0]) + int64(x1)*int64(w[1]+v[1]) + int64(x2)*int64(w[2]+v[2]) +
			int64(x3)*int64(w[3]+v[3]) + int64(x4)*int64(w[4]+v[4]) + int64(x5)*int64(w[5]+v[5])
		mixed := clip(int32(sum >> 16))
		p := squash(mixed)
		const cell = (stretchMax + 1) / 16
		at := uint32(mixed + stretchMax + 1)
		point, part := at/cell, at%cell
		i1 := uint32(uint8(node))*mapPoints + point
		i2 := (hint<<3|min(depth, 7))*mapPoints + point
		p1 := uint32(m.map1[i1])*(cell-part) + uint32(m.map1[i1+1])*part
		p2 := uint32(m.map2[i2])*(cell-part) + uint32(m.map2[i2+1])*part
		bit := coder.code(bits>>(15-depth)&1, max(16, min(65536-16, (p1+p2)/(2*cell))))

		err := int32(bit<<16) - p
		d0, d1, d2 := move(x0, err), move(x1, err), move(x2, err)
		d3, d4, d5 := move(x3, err), move(x4, err), move(x5, err)
		w[0], w[1], w[2], w[3], w[4], w[5] = w[0]+d0, w[1]+d1, w[2]+d2, w[3]+d3, w[4]+d4, w[5]+d5
		v[0], v[1], v[2], v[3], v[4], v[5] = v[0]+d0, v[1]+d1, v[2]+d2, v[3]+d3, v[4]+d4, v[5]+d5
		target := int64(bit) * (1<<22 - 1)
		adapt(c0, target, fastLimit)
		adapt(c1, target, middleLimit)
		adapt(c2, target, afterLimit)
		adapt(c3, target, after2Limit)
		adapt(c4, target, bitsLimit)
		adapt(c5, target, runsLimit)
		if part >= cell/2 {
			i1++
			i2++
		}
		goal := bit * 65535
		m.map1[i1] += uint16((int32(goal) - int32(m.map1[i1])) >> 6)
		m.map2[i2] += uint16((int32(goal) - int32(m.map2[i2])) >> 6)
		*history = *history<<1 | bit
		path |= bit << (15 - depth)
		node = uint32(t.next[node&255][bit&1])
	}
	m.learn(node & 255)
	return node & 255
}

// learn is told the last symbol.
func (m *model) learn(c uint32) {
	r := &m.recent
	m.runs <<= 1
	switch c {
	case r[0]:
		m.runs |= 1
	case r[1]:
		r[1] = r[0]
	case r[2]:
		r[2], r[1] = r[1], r[0]
	default:
		r[3], r[2], r[1] = r[2], r[1], r[0]
	}
	r[0] = c
	m.before, m.last = m.last, c
}
