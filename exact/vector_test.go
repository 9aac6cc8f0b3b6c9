package exact

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// vectorCase makes a pass over vectors, from n, and says all that it gives.
type vectorCase struct {
	name string
	pass func(r *rand.Rand, n int, fast bool) []any
}

// numbers are n of up to this many bits and either sign; some are extreme.
func numbers(r *rand.Rand, n, bits int) []int32 {
	x := make([]int32, n)
	small := r.IntN(4) == 0
	for i := range x {
		v := int32(r.Int64N(1<<bits)) - r.Int32N(2)
		if small {
			v >>= r.IntN(bits)
		}
		switch r.IntN(16) {
		case 0:
			v = 1<<bits - 1
		case 1:
			v = 0
		}
		if r.IntN(2) == 0 {
			v = -v
		}
		x[i] = v
	}
	return x
}

// positive are steps of a cache.
func positive(r *rand.Rand, n int) []int32 {
	x := numbers(r, n, 1+r.IntN(30))
	for i := range x {
		x[i] = max(x[i], -x[i])
	}
	return x
}

func words(r *rand.Rand, n, bits int) []int16 {
	x := make([]int16, n)
	for i, v := range numbers(r, n, bits) {
		x[i] = int16(v)
	}
	return x
}

var vectorCases = []vectorCase{
	{"maxAbs", func(r *rand.Rand, n int, fast bool) []any {
		x := numbers(r, n, 30)
		if fast {
			return []any{maxAbs(x)}
		}
		return []any{maxAbsGeneric(x)}
	}},
	{"step", func(r *rand.Rand, n int, fast bool) []any {
		x, q := numbers(r, n, 1+r.IntN(30)), make([]int8, n)
		most := max(1, maxAbsGeneric(x))
		shift := narrowShift(most)
		factor := 127 << 15 / narrow(int32(most), shift)
		if fast {
			step(q, x, shift, factor)
		} else {
			stepGeneric(q, x, shift, factor)
		}
		return []any{q}
	}},
	{"normalize", func(r *rand.Rand, n int, fast bool) []any {
		x, weight, y := numbers(r, n, 30), words(r, n, normBits), make([]int32, n)
		if fast {
			squares, most := normalize(y, x, weight)
			return []any{y, squares, most}
		}
		squares, most := normalizeGeneric(y, x, weight)
		return []any{y, squares, most}
	}},
	{"rescale", func(r *rand.Rand, n int, fast bool) []any {
		sums, y, rows := numbers(r, n, 25), make([]int32, n), make([]uint16, n)
		for i := range rows {
			rows[i] = uint16(r.Uint32N(1 << 16))
		}
		by := rescalingTo(scale{1<<15 + r.Uint32N(1<<15), -r.IntN(80)}, fraction)
		if fast {
			return []any{rescale(y, sums, rows, by), y}
		}
		return []any{rescaleGeneric(y, sums, rows, by), y}
	}},
	{"accumulate", func(r *rand.Rand, n int, fast bool) []any {
		x, y := numbers(r, n, 30), numbers(r, n, 30)
		if fast {
			accumulate(x, y)
		} else {
			accumulateGeneric(x, y)
		}
		return []any{x}
	}},
	{"gate", func(r *rand.Rand, n int, fast bool) []any {
		g, u, y := numbers(r, n, 1+r.IntN(30)), numbers(r, n, 1+r.IntN(30)), make([]int32, n)
		gs, us := narrowShift(maxAbsGeneric(g)), narrowShift(maxAbsGeneric(u))
		if fast {
			return []any{gateShifted(y, g, u, sigmoidTable(), gs, us), y}
		}
		return []any{gateShiftedGeneric(y, g, u, sigmoidTable(), gs, us), y}
	}},
	{"rotate", func(r *rand.Rand, n int, fast bool) []any {
		n &^= 1
		x, turn, y := numbers(r, n, 1+r.IntN(30)), words(r, n, 15), make([]int32, n)
		shift := narrowShift(maxAbsGeneric(x))
		if fast {
			rotateShifted(y, x, turn, shift)
		} else {
			rotateShiftedGeneric(y, x, turn, shift)
		}
		return []any{y}
	}},
	{"scoreSteps", func(r *rand.Rand, n int, fast bool) []any {
		scores, steps := numbers(r, n, 19), positive(r, n)
		m, shift, by := r.Int32N(1<<15), r.IntN(32), stepShift(steps)
		if fast {
			return []any{scoreSteps(scores, steps, by, m, shift), scores}
		}
		return []any{scoreStepsGeneric(scores, steps, by, m, shift), scores}
	}},
	{"weigh", func(r *rand.Rand, n int, fast bool) []any {
		scores, steps := numbers(r, n, 1+r.IntN(29)), positive(r, n)
		top := slices.Max(append([]int32{-1 << 29}, scores...))
		hi, lo := make([]int8, n+r.IntN(4)), make([]int8, n+3)
		for i := range hi {
			hi[i] = 99
		}
		by := stepShift(steps)
		if fast {
			return []any{weigh(hi, lo[:len(hi)], scores, steps, top, by), hi, lo}
		}
		return []any{weighGeneric(hi, lo[:len(hi)], scores, steps, top, by), hi, lo}
	}},
	{"combine", func(r *rand.Rand, n int, fast bool) []any {
		hi, lo, y := numbers(r, n, 23), numbers(r, n, 23), make([]int32, n)
		m, shift := 1<<15+r.Uint32N(1<<15), 1+r.IntN(32)
		if fast {
			combineShifted(y, hi, lo, m, shift)
		} else {
			combineShiftedGeneric(y, hi, lo, m, shift)
		}
		return []any{y}
	}},
}

func checkVector(t *testing.T, seed uint64, n int) {
	t.Helper()
	for i, c := range vectorCases {
		fast := c.pass(rand.New(rand.NewPCG(seed, uint64(i))), n, true)
		plain := c.pass(rand.New(rand.NewPCG(seed, uint64(i))), n, false)
		if got, want := fmt.Sprint(fast), fmt.Sprint(plain); got != want {
			t.Fatalf("%s of %d, seed %d:\n%.2000s\nwant\n%.2000s", c.name, n, seed, got, want)
		}
	}
}

// The passes over vectors give what their plain forms give.
func TestVector(t *testing.T) {
	for n := range 140 {
		for seed := range uint64(20) {
			checkVector(t, seed, n)
		}
	}
}

func FuzzVector(f *testing.F) {
	f.Add(uint64(1), uint16(64))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) { checkVector(t, seed, int(n%1040)) })
}
