package mix

// The arithmetic coder is carryless: [low, high] is 64 bits wide and loses its top byte when both
// ends share it.

type bitEncoder struct {
	low, high uint64
	out       []byte
	off       bool // there is no output
}

func newBitEncoder(dst []byte) bitEncoder { return bitEncoder{high: ^uint64(0), out: dst} }

// split is the last value that codes a 1; p is the probability of a 1 in (0, 65536).
func split(low, high uint64, p uint32) uint64 {
	r := high - low
	return low + r>>16*uint64(p) + (r&0xffff)*uint64(p)>>16
}

func (e *bitEncoder) encode(bit, p uint32) {
	if e.off {
		return
	}
	mid := split(e.low, e.high, p)
	if bit == 1 {
		e.high = mid
	} else {
		e.low = mid + 1
	}
	for (e.low^e.high)>>56 == 0 {
		e.out = append(e.out, byte(e.high>>56))
		e.low <<= 8
		e.high = e.high<<8 | 0xff
	}
}

// tail is the shortest byte string that, followed by zeros, names a value in [low, high].
func tail(low, high uint64) (value uint64, n int) {
	if low == 0 {
		return 0, 0
	}
	for n = 1; n < 8; n++ {
		shift := uint(64 - 8*n)
		if v := (low>>shift + 1) << shift; v != 0 && v <= high {
			return v, n
		}
	}
	return low, 8
}

func (e *bitEncoder) finish() []byte {
	v, n := tail(e.low, e.high)
	for ; n > 0; n-- {
		e.out = append(e.out, byte(v>>56))
		v <<= 8
	}
	return e.out
}

type bitDecoder struct {
	low, high, value uint64
	src              []byte
	pos              int // bytes of src taken, those behind its end, read as zeros, included
}

func newBitDecoder(src []byte) bitDecoder {
	d := bitDecoder{high: ^uint64(0), src: src}
	for range 8 {
		d.shift()
	}
	return d
}

func (d *bitDecoder) shift() {
	d.value <<= 8
	if d.pos < len(d.src) {
		d.value |= uint64(d.src[d.pos])
	}
	d.pos++
}

func (d *bitDecoder) decode(p uint32) uint32 {
	mid := split(d.low, d.high, p)
	bit := uint32(0)
	if d.value <= mid {
		bit = 1
		d.high = mid
	} else {
		d.low = mid + 1
	}
	for (d.low^d.high)>>56 == 0 {
		d.low <<= 8
		d.high = d.high<<8 | 0xff
		d.shift()
	}
	return bit
}

// overrun reports whether more than the zeros implied behind the end of src were needed.
func (d *bitDecoder) overrun() bool { return d.pos > len(d.src)+8 }

// finished reports whether src ends exactly as finish would have ended it.
func (d *bitDecoder) finished() bool {
	v, n := tail(d.low, d.high)
	return v == d.value && d.pos == len(d.src)+8-n
}
