package mix

// Advisor is an expert from outside, for example a language model. Encoder and decoder must get the same advice.
type Advisor interface {
	// Bit is asked before each bit of a byte that is not guessed as a whole. partial holds the bits of the byte so far behind a leading
	// 1. p is the logarithm of the odds of a 1 in units of 1/256, clipped to ±3071; confidence, 0 to 256, is how much
	// there is behind it. 0, 0 is no advice.
	Bit(partial uint32) (p, confidence int32)

	// Byte tells which byte came.
	Byte(c byte)
}

const advisorInputs = 2

// advise sets the inputs that the advisor has.
func (m *model) advise(x []int16) {
	p, confidence := m.advisor.Bit(m.c0)
	p = max(-stretchMax, min(stretchMax, p))
	x[0] = int16(p)
	x[1] = int16(p * max(0, min(256, confidence)) >> 8)
}
