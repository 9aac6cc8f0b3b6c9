package mix

import (
	"encoding/binary"
	"math/bits"
)

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
	pos []uint32 // by hash of the last bytes
	min int      // how many bytes have to agree
}

// step moves e past the byte c, the latest of buf.
func (e *expert) step(buf []byte, c byte) {
	if e.ptr == 0 {
		return
	}
	e.misses <<= 1
	if buf[e.ptr] == c {
		e.length = min(e.length+1, 65535)
	} else {
		e.misses |= 1
		e.length = 0
	}
	e.ptr++
}

// stepCopy is step for copyMatch, which falls silent when it is wrong.
func (e *expert) stepCopy(buf []byte, c byte) {
	if e.ptr == 0 {
		return
	}
	e.misses <<= 1
	if buf[e.ptr] == c {
		e.ptr++
		e.length++
		return
	}
	e.misses |= 1
	e.ptr, e.length = 0, 0
}

// settledMatch is the length of a match from which on no places are kept: the text that the match
// follows has the same bytes, and its places are in the table already.
const settledMatch = 16

// visit looks for a better place for e when there is no long match, and keeps this one. c8 and c4
// are the last bytes of buf.
func (m *matchTable) visit(e *expert, buf []byte, c8, c4 uint32) {
	if len(buf) < m.min || e.length >= settledMatch {
		return
	}
	at := &m.pos[m.hash(buf, c8, c4)]
	if e.length < m.min {
		if p := int(*at); p > 0 && p != e.ptr {
			if n := commonTail(buf, p); n >= m.min && n > e.length {
				e.ptr, e.length, e.misses = p, n, 0
			}
		}
		if e.misses&0xff == 0xff {
			e.ptr, e.length = 0, 0
		}
	}
	*at = uint32(len(buf))
}

// commonTail is how many bytes in front of the offset p are the last ones of buf, up to 32.
func commonTail(buf []byte, p int) int {
	n, most := 0, min(32, p)
	for ; n+8 <= most; n += 8 {
		a, b := binary.LittleEndian.Uint64(buf[p-n-8:]), binary.LittleEndian.Uint64(buf[len(buf)-n-8:])
		if a != b {
			return n + bits.LeadingZeros64(a^b)/8
		}
	}
	for n < most && buf[p-1-n] == buf[len(buf)-1-n] {
		n++
	}
	return n
}

// add is visit without an expert.
func (m *matchTable) add(buf []byte, c8, c4 uint32) {
	if len(buf) >= m.min {
		m.pos[m.hash(buf, c8, c4)] = uint32(len(buf))
	}
}

// hash is the place in the table of the last bytes.
func (m *matchTable) hash(buf []byte, c8, c4 uint32) uint32 {
	h := uint64(c8)<<32 | uint64(c4)
	if m.min < 8 {
		h <<= 64 - 8*uint(m.min)
	}
	h *= 0x9e3779b97f4a7c15
	if m.min > 8 {
		b := buf[len(buf)-m.min:]
		h ^= h >> 29
		h += binary.LittleEndian.Uint64(b) * 0xd6e8feb86659fd93
		if m.min > 16 {
			h ^= h >> 31
			h += binary.LittleEndian.Uint64(b[m.min-16:]) * 0xbf58476d1ce4e5b9
		}
		h ^= h >> 32
		h *= 0x9e3779b97f4a7c15
	}
	return uint32(h >> (65 - uint(bits.Len(uint(len(m.pos))))))
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
