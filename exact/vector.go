package exact

import "math/bits"

// These are the passes over vectors between the matrix products, and the specification of each
// (docs/ARITHMETIC.md). Numbers are two's complement; >> rounds down.

const (
	// fraction is the fractional bits of the residual stream, of what projections give, and of
	// what they are given before it is quantized.
	fraction = 14

	// residualMax bounds the residual stream: with what is added, which is at most 2^30, it fits 32
	// bits.
	residualMax = 1<<30 - 1

	// squareDrop is the bits of squares that are dropped, so that the sum of maxColumns fits 64.
	squareDrop = 8

	// narrowBits is the size of values that are brought to 16 bits by a common shift; one bit
	// less than they have room for, so that rounding cannot overflow.
	narrowBits = 14
)

// maxAbsGeneric is the greatest magnitude in x, whose values are above -2^31.
func maxAbsGeneric(x []int32) uint32 {
	most := int32(0)
	for _, v := range x {
		most = max(most, v, -v)
	}
	return uint32(most)
}

// narrowShift is the shift to the right, to the left if negative, that leaves narrowBits of values
// up to most.
func narrowShift(most uint32) int { return bits.Len32(most) - narrowBits }

// narrow is v * 2^-shift, rounded to the nearest, halves up.
func narrow[T int32 | int64](v T, shift int) T {
	if shift <= 0 {
		return v << -shift
	}
	return (v>>(shift-1) + 1) >> 1
}

// mulRound is a*b * 2^-15, rounded to the nearest, halves up: VPMULHRSW.
func mulRound(a, b int32) int32 { return (a*b + 1<<14) >> 15 }

// quantize sets q to x, whose greatest magnitude is most, in steps of the scale that it returns: it
// brings the greatest magnitude to 126 or 127.
func quantize(q []int8, x []int32, most uint32) scale {
	if most == 0 {
		clear(q)
		return scale{1 << 15, -64}
	}
	shift := narrowShift(most)
	factor := 127 << 15 / narrow(int32(most), shift) // 254 to 508
	step(q, x, shift, factor)
	return ratio(1, uint64(factor), 15+shift)
}

// stepGeneric sets q to x, brought to 16 bits by a shift, times factor * 2^-15.
func stepGeneric(q []int8, x []int32, shift int, factor int32) {
	for i, v := range x {
		q[i] = int8(mulRound(narrow(v, shift), factor))
	}
}

// normBits is the size of the weights of a norm.
const normBits = 14

// normalizeGeneric sets y to x * weight * 2^-normBits and returns the sum of the squares of x and the
// greatest magnitude in y.
func normalizeGeneric(y, x []int32, weight []int16) (squares uint64, most uint32) {
	for i, v := range x {
		y[i] = int32((int64(v)*int64(weight[i]) + 1<<(normBits-1)) >> normBits)
		squares += uint64(int64(v)*int64(v)) >> squareDrop
	}
	return squares, maxAbsGeneric(y[:len(x)])
}

// rescaling is a factor for the rows of a matrix product, as rescale takes it.
type rescaling struct {
	m     uint32 // below 2^16
	drop  int    // bits dropped of its product with a row's factor, which leaves 20 at most: 12 to 31
	shift int    // 1 to 32
	limit int32  // of a sum's magnitude: results are at most 2^30
}

// rescalingTo is the factor by which sums in units of t become numbers with this many fractional
// bits.
func rescalingTo(t scale, fraction int) rescaling {
	shift := -(t.e + fraction + 12)
	r := rescaling{t.m, 12 + max(0, min(19, shift-32)), max(1, min(32, shift)), 0}
	r.limit = 1 << min(10+r.shift, 30)
	return r
}

// of is a sum times its row's factor times r.
func (r rescaling) of(sum int32, row uint16) int32 {
	u := uint32(row) * r.m >> r.drop
	return int32((int64(max(-r.limit, min(r.limit, sum)))*int64(u) + 1<<(r.shift-1)) >> r.shift)
}

// rescaleGeneric sets y to the sums times their row's factor times r, and returns the greatest
// magnitude in y.
func rescaleGeneric(y, sums []int32, rows []uint16, r rescaling) (most uint32) {
	for i, v := range sums {
		y[i] = r.of(v, rows[i])
	}
	return maxAbsGeneric(y[:len(sums)])
}

// embed sets x to a row of the embedding, rounded to the nearest, halves up.
func embed(x []int32, row []int64) {
	const drop = tensorFraction - fraction
	for i, v := range row {
		x[i] = int32(max(-residualMax, min(residualMax, (v+1<<(drop-1))>>drop)))
	}
}

// accumulateGeneric adds the sums, rescaled, to x, within the bounds of the residual stream.
func accumulateGeneric(x, sums []int32, rows []uint16, r rescaling) {
	for i, v := range sums {
		x[i] = max(-residualMax, min(residualMax, x[i]+r.of(v, rows[i])))
	}
}

// gate sets y to SiLU(g) * u, whose greatest magnitudes are given, times 2^-shift, and returns the
// greatest magnitude in y.
func gate(y, g, u []int32, gMost, uMost uint32, sigmoid *sigmoids) (shift int, most uint32) {
	gs, us := narrowShift(gMost), narrowShift(uMost)
	return gs + us - fraction, gateShifted(y, g, u, sigmoid, gs, us)
}

func gateShiftedGeneric(y, g, u []int32, sigmoid *sigmoids, gs, us int) (most uint32) {
	for i, v := range g {
		s := int32(sigmoid[min(uint32(max(v, -v))>>(fraction-sigmoidFraction), sigmoidSize-1)])
		if v < 0 {
			s = 1<<15 - s
		}
		y[i] = mulRound(narrow(v, gs), s) * narrow(u[i], us)
	}
	return maxAbsGeneric(y[:len(g)])
}

// rotate sets y to the head x turned by the angles of its position (RoPE, arXiv 2104.09864), with
// the neighbours 2i and 2i+1 as pairs, and returns the binary exponent of its unit and the greatest
// magnitude in y. turn has cosine and sine of the angle of each pair in units of 2^-15.
func rotate(y, x []int32, turn []int16) (exponent int, most uint32) {
	shift := narrowShift(maxAbs(x))
	return shift - 15 - fraction, rotateShifted(y, x, turn, shift)
}

func rotateShiftedGeneric(y, x []int32, turn []int16, shift int) (most uint32) {
	for i := 0; i < len(turn); i += 2 {
		a, b, c, s := narrow(x[i], shift), narrow(x[i+1], shift), int32(turn[i]), int32(turn[i+1])
		y[i], y[i+1] = a*c-b*s, a*s+b*c
	}
	return maxAbsGeneric(y[:len(turn)])
}

const (
	exponentFraction = 11 // of the binary logarithms that softmax takes
	exponentLast     = 16<<exponentFraction - 1
)

// exp2 is 2^-(t/2048) in units of 2^-14, for t up to exponentLast: a polynomial for the fraction.
func exp2(t int32) int32 {
	f := t & (1<<exponentFraction - 1) << (15 - exponentFraction)
	p := mulRound(f, -1290)
	p = mulRound(f, 7560+p)
	p = mulRound(f, -22654+p)
	return (32767 + p) >> (1 + t>>exponentFraction)
}

// shiftStep brings a step of a cache to 15 bits.
func shiftStep(v int32, shift int) int32 {
	if shift < 0 {
		return v << -shift
	}
	return v >> shift
}

// scoreDrop is the bits of a product of a query and a key that are dropped.
const scoreDrop = 5

// scoreStepsGeneric turns products of a query with keys, below 2^20, into scores in units of
// 2^-exponentFraction octaves: times the key's step, in 15 bits, and m, below 2^15. It returns the
// greatest score.
func scoreStepsGeneric(scores, steps []int32, stepShift int, m int32, shift int) (top int32) {
	top = -1 << 31
	for j, v := range scores {
		f := mulRound(shiftStep(steps[j], stepShift), m)
		v = (v + 1<<(scoreDrop-1)) >> scoreDrop * f >> shift
		scores[j] = v
		top = max(top, v)
	}
	return top
}

// weighGeneric sets hi and lo to the two digits, of 7 bits each, of 2^(score-top) times the step of
// the value, and returns the sum of 2^(score-top), in units of 2^-14. Behind the scores digits are 0.
func weighGeneric(hi, lo []int8, scores, steps []int32, top int32, stepShift int) (total int32) {
	for j, v := range scores {
		e := exp2(min(top-v, exponentLast))
		total += e
		w := mulRound(e, shiftStep(steps[j], stepShift))
		hi[j], lo[j] = int8(w>>7), int8(w&127)
	}
	clear(hi[len(scores):])
	clear(lo[len(scores):])
	return total
}

// combine sets y to the numbers with these two digits, below 2^31 in magnitude, times r, whose
// exponent is -48 to -8, and returns the greatest magnitude in y.
func combine(y, hi, lo []int32, r scale) (most uint32) {
	return combineShifted(y, hi, lo, r.m>>max(0, -r.e-32), max(1, min(32, -r.e)))
}

func combineShiftedGeneric(y, hi, lo []int32, m uint32, shift int) (most uint32) {
	for i := range y {
		v := int64(hi[i]<<7 + lo[i])
		y[i] = int32((v*int64(m) + 1<<(shift-1)) >> shift)
	}
	return maxAbsGeneric(y)
}
