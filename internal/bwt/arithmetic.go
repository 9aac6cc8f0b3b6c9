package bwt

// bitCoder is the arithmetic coder, in both directions. It is carryless: [low, high] is 64 bits
// wide and loses its top byte when both ends share it.
type bitCoder struct {
	low, high uint64
	decodes   bool
	value     uint64 // of src, in [low, high]
	src       []byte
	pos       int // bytes of src taken, those behind its end, read as zeros, included
	out       []byte
}

func newEncoder(dst []byte) bitCoder { return bitCoder{high: ^uint64(0), out: dst} }

func newDecoder(src []byte) bitCoder {
	d := bitCoder{high: ^uint64(0), src: src, decodes: true}
	for range 8 {
		d.shift()
	}
	return d
}

func (c *bitCoder) shift() {
	c.value <<= 8
	if c.pos < len(c.src) {
		c.value |= uint64(c.src[c.pos])
	}
	c.pos++
}

// code codes the bit, which a decoder gives; p is the probability of a 1 in (0, 65536).
func (c *bitCoder) code(bit, p uint32) uint32 {
	r := c.high - c.low
	mid := c.low + r>>16*uint64(p) + (r&0xffff)*uint64(p)>>16
	if c.decodes {
		bit = 0
		if c.value <= mid {
			bit = 1
		}
	}
	if bit == 1 {
		c.high = mid
	} else {
		c.low = mid + 1
	}
	for (c.low^c.high)>>56 == 0 {
		c.push()
	}
	return bit
}

// push takes the top byte, which both ends share, out of the interval.
func (c *bitCoder) push() {
	if c.decodes {
		c.shift()
	} else {
		c.out = append(c.out, byte(c.high>>56))
	}
	c.low <<= 8
	c.high = c.high<<8 | 0xff
}

// tail is the shortest byte string that, followed by zeros, names a value in the interval, whose
// ends differ in their top byte: none, or one byte.
func (c *bitCoder) tail() (value uint64, n int) {
	if c.low == 0 {
		return 0, 0
	}
	return (c.low>>56 + 1) << 56, 1
}

// finish gives what has been encoded.
func (c *bitCoder) finish() []byte {
	if v, n := c.tail(); n > 0 {
		c.out = append(c.out, byte(v>>56))
	}
	return c.out
}

// overrun reports whether more than the zeros implied behind the end of src were needed.
func (c *bitCoder) overrun() bool { return c.pos > len(c.src)+8 }

// finished reports whether src ends exactly as finish would have ended it.
func (c *bitCoder) finished() bool {
	v, n := c.tail()
	return v == c.value && c.pos == len(c.src)+8-n
}
