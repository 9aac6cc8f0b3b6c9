package coder

import "math"

// arithmetic codes tokens with the model's distributions, for the method lm.
type arithmetic struct {
	enc RangeEncoder
	dec RangeDecoder
}

func newLM(lane *Lane, p Params) (*tokenCoder, error) {
	return newTokenCoder(lane, p, func(*Vocabulary) tokenSymbols { return new(arithmetic) })
}

func (a *arithmetic) begin(dst []byte) { a.enc.Reset(dst) }

func (a *arithmetic) encode(cdf *CDF, token int32) {
	cum, freq := cdf.Symbol(int(token))
	a.enc.Encode(cum, freq, cdf.Total())
}

func (a *arithmetic) end() ([]byte, error) { return a.enc.Flush(), nil }

func (a *arithmetic) open(src []byte) error { return a.dec.Reset(src) }

func (a *arithmetic) decode(cdf *CDF) (int32, error) {
	token, cum, freq := cdf.Find(a.dec.Target(cdf.Total()))
	return int32(token), a.dec.Consume(cum, freq, cdf.Total())
}

func (a *arithmetic) close() error { return a.dec.Close() }

// spent is what the decoder's interval has lost, in bits.
func (a *arithmetic) spent() float64 {
	return float64(8*a.dec.shifts+64) - math.Log2(float64(a.dec.width))
}
