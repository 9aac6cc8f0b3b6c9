//go:build linux && (amd64 || arm64)

package gpu

import (
	"math/big"
	"math/bits"
	"math/rand/v2"
	"os"
	"testing"
	"unsafe"
)

// What follows is docs/ARITHMETIC.md, with integers of 64 bits and more.

type scale struct {
	m uint32
	e int
}

func scaleOf(x uint64, e int) scale {
	n := bits.Len64(x) - 16
	if n < 0 {
		return scale{uint32(x << -n), e + n}
	}
	return scale{uint32(x >> n), e + n}
}

func rsqrt(x uint64) scale {
	n := bits.LeadingZeros64(x) &^ 1
	root := new(big.Int).Sqrt(new(big.Int).SetUint64(x << n)).Uint64()
	return scaleOf(1<<63/root, (n+20)/2-63)
}

func inverse(y uint64, e int) scale { return scaleOf(1<<63/y, e-63) }

func fixed(a scale) int32 {
	x := new(big.Int).Lsh(big.NewInt(int64(a.m)), uint(max(0, min(64, a.e+24))))
	x.Rsh(x, uint(max(0, min(64, -a.e-24))))
	if !x.IsInt64() || x.Int64() > 1<<31-1 {
		return 1<<31 - 1
	}
	return int32(x.Int64())
}

func narrow(v int64, n int) int64 {
	if n <= 0 {
		return v << -n
	}
	return (v>>(n-1) + 1) >> 1
}

func rescaled(sum int32, factor, m uint32, e int) (result, drop, shift, limit int64) {
	n := -(e + 14 + 12)
	d := 12 + max(0, min(19, n-32))
	n = max(1, min(32, n))
	limit = 1 << min(10+n, 30)
	u := int64(factor) * int64(m) >> d
	return narrow(max(-limit, min(limit, int64(sum)))*u, n), int64(d), int64(n), limit
}

func quantized(list [4]uint32) (word uint32, s scale) {
	most := int64(list[0])
	if most == 0 {
		return 0, scale{1 << 15, -64}
	}
	shift := bits.Len64(uint64(most)) - 14
	factor := 127 << 15 / narrow(most, shift)
	for i, v := range list {
		q := (narrow(int64(int32(v)), shift)*factor + 1<<14) >> 15
		word |= uint32(uint8(q)) << (8 * i)
	}
	return word, inverse(uint64(factor), 15+shift)
}

// answer is what a function of arithmetic.comp gives, for arguments in its range.
func answer(function int, in [4]uint32) (out [4]uint32) {
	scaled := func(s scale) { out[0], out[1] = s.m, uint32(int32(s.e)) }
	wide := uint64(in[1])<<32 | uint64(in[0])
	switch function {
	case 0:
		scaled(rsqrt(wide))
	case 1:
		s := inverse(uint64(in[0]), int(int32(in[1])))
		scaled(s)
		out[2] = uint32(fixed(s))
	case 2:
		out[0] = uint32(narrow(int64(int32(in[0]))*int64(int32(in[1])), int(in[2])))
	case 3:
		q := wide / uint64(in[2])
		out[0], out[1] = uint32(q), uint32(q>>32)
	case 4:
		r, d, n, l := rescaled(int32(in[0]), in[1], in[2], int(int32(in[3])))
		out = [4]uint32{uint32(r), uint32(d), uint32(n), uint32(l)}
	case 5:
		word, s := quantized(in)
		out = [4]uint32{word, s.m, uint32(int32(s.e))}
	case 6:
		scaled(scaleOf(uint64(in[0])*uint64(in[2]), int(int32(in[1]))+int(int32(in[3]))))
	}
	return out
}

// argument is one in the range of a function: of any number of bits, and often near a power of 2.
func argument(r *rand.Rand, function int) (in [4]uint32) {
	some := func(bits int) uint64 { // 1 to 2^bits-1
		x := uint64(1)<<r.IntN(bits) - 1
		switch r.IntN(3) {
		case 0:
			x += uint64(r.IntN(3))
		case 1:
			x = x &^ (x >> 1) // a power of 2
		default:
			x = r.Uint64() & (x<<1 | 1)
		}
		return max(1, min(x, 1<<bits-1))
	}
	sign := func(v uint64) uint32 { return uint32(int32(v) * int32(1-2*r.IntN(2))) }
	mantissa := func() uint32 { return []uint32{1 << 15, 1<<16 - 1, 1<<15 | uint32(r.IntN(1<<15))}[r.IntN(3)] }
	exponent := func() uint32 { return uint32(int32(r.IntN(120) - 90)) }
	switch function {
	case 0:
		x := some(64)
		if r.IntN(2) == 0 { // around squares
			x = some(32)
			x = max(1, x*x+uint64(r.IntN(3))-1)
		}
		in[0], in[1] = uint32(x), uint32(x>>32)
	case 1:
		in[0], in[1] = uint32(some(24)), exponent()
	case 2:
		in[0], in[1], in[2] = sign(some(31)), sign(some(16)), 1+uint32(r.IntN(32))
	case 3:
		x := some(64)
		in[0], in[1], in[2] = uint32(x), uint32(x>>32), 1+uint32(r.IntN(1040))
	case 4:
		in = [4]uint32{sign(some(24)), uint32(some(16)), mantissa(), exponent()}
	case 5:
		in[0] = uint32(some(31))
		for i := 1; i < 4; i++ {
			in[i] = sign(some(31) % uint64(in[0]+1))
		}
		if r.IntN(50) == 0 {
			in = [4]uint32{}
		}
	case 6:
		in = [4]uint32{mantissa(), exponent(), mantissa(), exponent()}
	}
	return in
}

// The functions that shaders are made of give what docs/ARITHMETIC.md says.
func TestArithmetic(t *testing.T) {
	g := mustOpen(t, made(t, two))
	s := mustSession(t, g, 1024, 8).(*session)
	d := g.device
	code, err := os.ReadFile("shaders/arithmetic.spv")
	if err != nil {
		t.Fatal(err)
	}
	pipeline, err := d.pipeline(code, []uint32{uint32(g.shape.Width)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.destroy(d.call.DestroyPipeline, pipeline)
	const n = 4096
	staging, err := d.makeBuffer(4*n, memoryHostVisible|memoryHostCoherent)
	if err != nil {
		t.Fatal(err)
	}
	defer d.free(staging)
	mapped := unsafe.Slice((*[4]uint32)(staging.mapped), n)
	r := rand.New(rand.NewPCG(11, 12))
	for function := range 7 {
		var in [n][4]uint32
		for i := range in {
			in[i] = argument(r, function)
		}
		copy(mapped, in[:])
		c, err := s.command.record(func(r *recorder) {
			r.bind(s.sets[0])
			r.copy(staging, s.inputs, staging.size)
			r.dispatch(pipeline, push{mode: uint32(function)}, n/64, 1)
			r.copy(s.sums, staging, staging.size)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.command.run(c); err != nil {
			t.Fatal(err)
		}
		for i, got := range mapped {
			if want := answer(function, in[i]); got != want {
				t.Errorf("function %d of %x is %x, want %x", function, in[i], got, want)
				break
			}
		}
	}
}
