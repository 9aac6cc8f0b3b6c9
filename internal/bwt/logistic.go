package bwt

import "math/bits"

// The logistic domain: stretch(p) = ln(p/(1-p)) in units of 1/256, within ±stretchMax; squash is
// its inverse. Probabilities are those of a 1 bit, in units of 1/65536.
const (
	stretchUnit = 256
	stretchMax  = 12*stretchUnit - 1
)

var (
	squashTable  [2 * (stretchMax + 1)]uint16 // indexed by x + stretchMax
	stretchTable [4096]int16                  // indexed by p >> 4, for the middle of each cell
)

// The tables are computed with integers only: floating point could differ by one between platforms.
func init() {
	const one = 1 << 40
	const step = 4629735647166717429 // exp(1/stretchUnit) * 2^62
	e := uint64(one)                 // exp(x/stretchUnit)
	for x := 0; x <= stretchMax; x++ {
		hi, lo := bits.Mul64(65536, e)
		p, _ := bits.Div64(hi, lo, e+one)
		p = min(p, 65535)
		squashTable[stretchMax+x] = uint16(p)
		squashTable[stretchMax-x] = uint16(max(1, 65536-p))
		hi, lo = bits.Mul64(e, step)
		e = hi<<2 | lo>>62
	}
	x := -stretchMax
	for i := range stretchTable {
		for x < stretchMax && squashTable[stretchMax+x] < uint16(i<<4|8) {
			x++
		}
		stretchTable[i] = int16(x)
	}
}

func clip(x int32) int32 { return max(-stretchMax, min(stretchMax, x)) }

func squash(x int32) int32 { return int32(squashTable[clip(x)+stretchMax]) }
