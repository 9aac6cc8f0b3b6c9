package exact

import "math/bits"

// scale is a positive factor m * 2^e with m in [2^15, 2^16). Products and quotients are rounded
// down to 16 bits.
type scale struct {
	m uint32
	e int
}

// scaleOf is x * 2^e for x > 0.
func scaleOf(x uint64, e int) scale {
	if n := bits.Len64(x) - 16; n >= 0 {
		return scale{uint32(x >> n), e + n}
	} else {
		return scale{uint32(x << -n), e + n}
	}
}

// ratio is x/y * 2^e for x of at least 1 and y of 1 to 2^48-1.
func ratio(x, y uint64, e int) scale {
	n := bits.LeadingZeros64(x)
	return scaleOf(x<<n/y, e-n)
}

func (a scale) times(b scale) scale { return scaleOf(uint64(a.m)*uint64(b.m), a.e+b.e) }

// shift multiplies by 2^n.
func (a scale) shift(n int) scale { return scale{a.m, a.e + n} }

// fixed is the scale in units of 2^-fraction, rounded down, at most 2^31-1.
func (a scale) fixed(fraction int) int32 {
	switch n := a.e + fraction; {
	case n > 15:
		return 1<<31 - 1
	case n >= 0:
		return int32(a.m << n)
	case n > -16:
		return int32(a.m >> -n)
	}
	return 0
}

// rsqrt is 1/sqrt(x * 2^-fraction) for x > 0 and an even fraction.
func rsqrt(x uint64, fraction int) scale {
	n := bits.LeadingZeros64(x) &^ 1
	x <<= n                       // 63 or 64 bits
	root := x/(3<<31) + 17<<31/24 // within 5 %
	root = (root + x/root) >> 1
	for { // Newton's method, now from above, ends at the root rounded down
		next := (root + x/root) >> 1
		if next >= root {
			break
		}
		root = next
	}
	return scaleOf(1<<63/root, (n+fraction)/2-63)
}
