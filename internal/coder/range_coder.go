package coder

import "math/bits"

// The range coder keeps an interval of 64-bit integers. A symbol of frequency freq out of total,
// with frequencies that add up to cum before it, narrows it to that share; when fewer than 2^56
// integers are left the top byte of the lower end is written. A carry out of the lower end goes
// into the bytes written before. After G. N. N. Martin, "Range encoding" (1979).
//
// A payload is one byte per shift of the interval, plus one that selects a number within the last
// interval; the bytes that would follow are zero. Rounding costs at most total/2^56 of a symbol's
// probability, and the end at most 8 bits.
const (
	rangeTop      = 1 << 56
	maxRangeTotal = 1 << 50
)

// RangeEncoder writes a payload. Reset makes it ready.
type RangeEncoder struct {
	low, width uint64 // of the interval
	dst        []byte
}

// Reset begins a payload that is appended to dst.
func (e *RangeEncoder) Reset(dst []byte) { *e = RangeEncoder{width: 1<<64 - 1, dst: dst} }

// Encode codes a symbol: 0 < freq, cum+freq <= total <= 2^50.
func (e *RangeEncoder) Encode(cum, freq, total uint64) {
	unit := e.width / total
	var carry uint64
	e.low, carry = bits.Add64(e.low, unit*cum, 0)
	if carry != 0 {
		e.carry()
	}
	if cum+freq == total {
		e.width -= unit * cum
	} else {
		e.width = unit * freq
	}
	for e.width < rangeTop {
		e.dst = append(e.dst, byte(e.low>>56))
		e.low <<= 8
		e.width <<= 8
	}
}

// carry adds one to the bytes written so far. It ends within the payload, since the lower end stays
// below 1.
func (e *RangeEncoder) carry() {
	for i := len(e.dst) - 1; ; i-- {
		e.dst[i]++
		if e.dst[i] != 0 {
			return
		}
	}
}

// Flush ends the payload and returns dst with the payload appended.
func (e *RangeEncoder) Flush() []byte {
	end, carry := bits.Add64(e.low, rangeTop-1, 0)
	if carry != 0 {
		e.carry()
	}
	return append(e.dst, byte(end>>56))
}

// RangeDecoder reads a payload. Reset makes it ready.
type RangeDecoder struct {
	offset, width uint64 // of the payload's number in the interval, of the interval
	unit          uint64
	src           []byte
	shifts        int // of the interval
}

// Reset begins reading the payload src.
func (d *RangeDecoder) Reset(src []byte) error {
	*d = RangeDecoder{width: 1<<64 - 1, src: src}
	for i := range 8 {
		d.offset = d.offset<<8 | uint64(d.at(i))
	}
	if len(src) == 0 || d.offset >= d.width {
		return ErrCorrupt
	}
	return nil
}

func (d *RangeDecoder) at(i int) byte {
	if i < len(d.src) {
		return d.src[i]
	}
	return 0
}

// Target is a number below total that lies in [cum, cum+freq) of the next symbol. Consume must
// follow.
func (d *RangeDecoder) Target(total uint64) uint64 {
	d.unit = d.width / total
	return min(d.offset/d.unit, total-1)
}

// Consume takes the symbol that Target has found. It returns ErrCorrupt if the symbols so far need
// a longer payload.
func (d *RangeDecoder) Consume(cum, freq, total uint64) error {
	d.offset -= d.unit * cum
	if cum+freq == total {
		d.width -= d.unit * cum
	} else {
		d.width = d.unit * freq
	}
	for d.width < rangeTop {
		d.offset = d.offset<<8 | uint64(d.at(d.shifts+8))
		d.width <<= 8
		d.shifts++
	}
	if d.shifts >= len(d.src) {
		return ErrCorrupt
	}
	return nil
}

// Close returns ErrCorrupt unless the payload ends where an encoder of the symbols read would have
// ended it.
func (d *RangeDecoder) Close() error {
	if d.shifts+1 != len(d.src) {
		return ErrCorrupt
	}
	return nil
}
