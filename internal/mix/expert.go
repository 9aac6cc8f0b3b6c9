package mix

import "math/bits"

// An expert predicts the next byte outright, mostly by pointing at an earlier place in the history.
// How much it is to be believed is learnt from how often it was right in the same state.
type expert struct {
	ptr    int   // offset of the predicted byte; 0 when there is none
	length int   // bytes predicted in a row, or how long the match is
	misses uint8 // the latest outcomes, the latest in bit 0; 1 is a miss
	byte   uint8 // the predicted byte
}

const confidences = 64

// confidence quantises the expert's record: 16 lengths x 4 kinds of latest misses.
func (e *expert) confidence() uint32 {
	n := uint32(e.length)
	switch {
	case n < 8:
	case n < 12:
		n = 8
	case n < 16:
		n = 9
	case n < 24:
		n = 10
	case n < 32:
		n = 11
	case n < 64:
		n = 12
	case n < 128:
		n = 13
	case n < 400:
		n = 14
	default:
		n = 15
	}
	m := uint32(0)
	switch {
	case e.misses == 0:
	case e.misses&1 != 0:
		m = 3
	case e.misses&0xe != 0:
		m = 2
	default:
		m = 1
	}
	return n<<2 | m
}

// matchTable finds the latest place whose last bytes were the same as now.
type matchTable struct {
	pos  []uint32 // by hash of the last bytes
	min  int      // how many bytes have to agree
	roll uint64
	mul  uint64
}

func (m *matchTable) setMin(length int) {
	shift := (64 + length - 1) / length // so that older bytes have left the 64 bits
	m.min, m.mul = length, 0x2f0b4c47<<shift
}

// follow moves e past the byte c, the latest of buf, and looks for a better place when there is no
// long match.
func (m *matchTable) follow(e *expert, buf []byte, c byte) {
	if e.ptr > 0 {
		e.misses <<= 1
		if buf[e.ptr] == c {
			e.length = min(e.length+1, 65535)
		} else {
			e.misses |= 1
			e.length = 0
		}
		e.ptr++
	}
	h := m.hash(c)
	if len(buf) < m.min {
		return
	}
	if e.length < m.min {
		if p := int(m.pos[h]); p > 0 && p != e.ptr {
			n := 0
			for n < 32 && n < p && buf[p-1-n] == buf[len(buf)-1-n] {
				n++
			}
			if n >= m.min && n > e.length {
				e.ptr, e.length, e.misses = p, n, 0
			}
		}
		if e.misses&0xff == 0xff {
			e.ptr, e.length = 0, 0
		}
	}
	m.pos[h] = uint32(len(buf))
}

// add is follow without an expert.
func (m *matchTable) add(buf []byte, c byte) {
	if h := m.hash(c); len(buf) >= m.min {
		m.pos[h] = uint32(len(buf))
	}
}

// hash moves past c and gives the place in the table of the last bytes.
func (m *matchTable) hash(c byte) uint32 {
	m.roll = m.roll*m.mul + uint64(c) + 1
	return uint32(m.roll*0x9e3779b97f4a7c15>>32) >> (33 - uint32(bits.Len(uint(len(m.pos)))))
}

// places remembers, per key, the two latest offsets that had it.
type places []place

type place struct{ key, pos, before uint32 }

func (p places) visit(key uint32, pos int) (latest, before int) {
	e := &p[hash2(key, 0)>>(33-uint32(bits.Len(uint(len(p)))))]
	if e.key != key {
		*e = place{key: key, pos: uint32(pos)}
		return 0, 0
	}
	latest, before = int(e.pos), int(e.before)
	e.before, e.pos = e.pos, uint32(pos)
	return latest, before
}

const (
	longMatch = iota
	midMatch
	shortMatch
	lineMatch     // within the line
	templateMatch // the last line with the same skeleton so far
	templateOlder // the line of that kind before it
	keyMatch      // the last place after the same key
	copyMatch
	digitMatch
	forecastMatch
	expertCount
)
