package exact

import (
	"math/big"
	"math/bits"
	"sync"
)

const (
	sigmoidFraction = 8 // a step of the table is 2^-8
	sigmoidSize     = 16 << sigmoidFraction
)

// sigmoids has an entry more than is read, since vectors of them are read by twos.
type sigmoids [sigmoidSize + 1]uint16

// sigmoidTable is 1/(1+e^-x) in units of 2^-15 at the middle of each step.
var sigmoidTable = sync.OnceValue(func() *sigmoids {
	const step, half = 0xff007fd55ffdde38, 0xff801ffaab554445 // 2^64 times e^-(1/256) and e^-(1/512)
	var t sigmoids
	power := uint64(half) // 2^64 * e^-x
	for i := range t {
		t[i] = uint16((1 << 62) / ((1<<62 + power>>2) >> 15))
		power, _ = bits.Mul64(power, step)
	}
	return &t
})

// turnFraction is the fractional bits of cosines and sines while the table is made.
const turnFraction = 62

// turnTable has cosine and sine, in units of 2^-15, of position * base^-(2i/dimensions) for each i
// below dimensions/2, position by position. dimensions is a power of two.
func turnTable(base *big.Float, dimensions, positions int) []int16 {
	const precision = 256
	// ratio is base^-(2/dimensions).
	ratio := new(big.Float).SetPrec(precision).Quo(big.NewFloat(1), base)
	for n := dimensions / 2; n > 1; n /= 2 {
		ratio.Sqrt(ratio)
	}
	pairs := dimensions / 2
	table := make([]int16, positions*dimensions)
	angle := new(big.Float).SetPrec(precision).SetInt64(1)
	for i := range pairs {
		c1, s1 := turnOf(angle)
		c, s := int64(1)<<turnFraction, int64(0)
		for p := range positions {
			at := table[p*dimensions+2*i:]
			at[0], at[1] = turnEntry(c), turnEntry(s)
			c, s = mulTurn(c, c1)-mulTurn(s, s1), mulTurn(c, s1)+mulTurn(s, c1)
		}
		angle.Mul(angle, ratio)
	}
	return table
}

// turnOf is cosine and sine of an angle of 0 to 1, by Taylor's series.
func turnOf(angle *big.Float) (cos, sin int64) {
	one := new(big.Float).SetMantExp(big.NewFloat(1), turnFraction)
	term := new(big.Float).Set(one)
	term.SetPrec(angle.Prec())
	sums := [2]*big.Float{new(big.Float).SetPrec(angle.Prec()), new(big.Float).SetPrec(angle.Prec())}
	for n := 0; n < 48; n++ {
		if n&2 == 0 {
			sums[n&1].Add(sums[n&1], term)
		} else {
			sums[n&1].Sub(sums[n&1], term)
		}
		term.Mul(term, angle)
		term.Quo(term, new(big.Float).SetInt64(int64(n+1)))
	}
	cos, _ = sums[0].Int64()
	sin, _ = sums[1].Int64()
	return cos, sin
}

// mulTurn is a*b in units of 2^-turnFraction, rounded towards 0, for magnitudes of at most about 1.
func mulTurn(a, b int64) int64 {
	hi, lo := bits.Mul64(uint64(max(a, -a)), uint64(max(b, -b)))
	v := int64(hi<<(64-turnFraction) | lo>>turnFraction)
	if (a < 0) != (b < 0) {
		return -v
	}
	return v
}

func turnEntry(v int64) int16 {
	const drop = turnFraction - 15
	return int16(max(-1<<15+1, min(1<<15-1, (v+1<<(drop-1))>>drop)))
}
