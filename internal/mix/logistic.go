package mix

import "math/bits"

// The logistic domain: stretch(p) = ln(p/(1-p)) in units of 1/256, clipped to ±stretchMax; squash
// is its inverse. Probabilities are those of a 1 bit, in units of 1/65536.
const (
	stretchUnit = 256
	stretchMax  = 12*stretchUnit - 1
)

var (
	squashTable  [2*stretchMax + 1]uint16 // indexed by x + stretchMax
	stretchTable [4096]int16              // indexed by p >> 4; the middle of each cell
)

// The tables are computed with integers only: floating point could differ by one between platforms.
func init() {
	const one = 1 << 40
	const step = 4629735647166717429 // exp(1/stretchUnit) * 2^62
	e := uint64(one)                 // exp(x/stretchUnit), up to e^12 < 2^18
	for x := 0; x <= stretchMax; x++ {
		hi, lo := bits.Mul64(65536, e)
		p, _ := bits.Div64(hi, lo, e+one) // 65536*e/(e+1)
		p = min(p, 65535)
		squashTable[stretchMax+x] = uint16(p)
		squashTable[stretchMax-x] = uint16(max(1, 65536-p))
		hi, lo = bits.Mul64(e, step)
		e = hi<<2 | lo>>62
	}
	x := -stretchMax
	for i := range stretchTable {
		mid := uint16(i<<4 | 8)
		for x < stretchMax && squashTable[stretchMax+x] < mid {
			x++
		}
		stretchTable[i] = int16(x)
	}
}

func squash(x int32) uint32 {
	return uint32(squashTable[max(-stretchMax, min(stretchMax, x))+stretchMax])
}
