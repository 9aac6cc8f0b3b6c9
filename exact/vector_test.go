package exact

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/lm"
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
		case 2:
			v = 1 << r.IntN(bits)
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

func factors(r *rand.Rand, n int) []uint16 {
	x := make([]uint16, n)
	for i, v := range numbers(r, n, 16) {
		x[i] = uint16(v)
	}
	return x
}

func anyRescaling(r *rand.Rand) rescaling {
	return rescalingTo(scale{1<<15 + r.Uint32N(1<<15), -r.IntN(80)}, fraction)
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
		sums, y, rows, by := numbers(r, n, 31), make([]int32, n), factors(r, n), anyRescaling(r)
		if fast {
			return []any{rescale(y, sums, rows, by), y}
		}
		return []any{rescaleGeneric(y, sums, rows, by), y}
	}},
	{"rescale in place", func(r *rand.Rand, n int, fast bool) []any {
		sums, rows, by := numbers(r, n, 25), factors(r, n), anyRescaling(r)
		if fast {
			return []any{rescale(sums, sums, rows, by), sums}
		}
		return []any{rescaleGeneric(sums, sums, rows, by), sums}
	}},
	{"accumulate", func(r *rand.Rand, n int, fast bool) []any {
		x, sums, rows, by := numbers(r, n, 30), numbers(r, n, 31), factors(r, n), anyRescaling(r)
		if fast {
			accumulate(x, sums, rows, by)
		} else {
			accumulateGeneric(x, sums, rows, by)
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
			return []any{rotateShifted(y, x, turn, shift), y}
		}
		return []any{rotateShiftedGeneric(y, x, turn, shift), y}
	}},
	{"scoreSteps", func(r *rand.Rand, n int, fast bool) []any {
		scores, steps := numbers(r, n, 20), positive(r, n)
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
			return []any{combineShifted(y, hi, lo, m, shift), y}
		}
		return []any{combineShiftedGeneric(y, hi, lo, m, shift), y}
	}},
}

// eachForm runs a test in all forms that this machine can run.
func eachForm(t testing.TB, test func(form string)) {
	t.Helper()
	defer func() { vectors = machineLanes() }()
	for _, vectors = range []lanes{0, 4, 8, 16} {
		if vectors <= machineLanes() && (vectors != 4 || machineLanes() == 4) {
			test(fmt.Sprintf("%d lanes", vectors))
		}
	}
}

func checkVector(t *testing.T, seed uint64, n int) {
	t.Helper()
	for i, c := range vectorCases {
		want := fmt.Sprint(c.pass(rand.New(rand.NewPCG(seed, uint64(i))), n, false))
		eachForm(t, func(form string) {
			if got := fmt.Sprint(c.pass(rand.New(rand.NewPCG(seed, uint64(i))), n, true)); got != want {
				t.Fatalf("%s of %d with %s, seed %d:\n%.2000s\nwant\n%.2000s", c.name, n, form, seed, got, want)
			}
		})
	}
}

// The passes over vectors give what their plain forms give.
func TestVector(t *testing.T) {
	for n := range 140 {
		for seed := range uint64(10) {
			checkVector(t, seed, n)
		}
	}
}

func FuzzVector(f *testing.F) {
	f.Add(uint64(1), uint16(64))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) { checkVector(t, seed, int(n%1040)) })
}

// weigh and gate are functions of few bits: all of them.
func TestVectorAll(t *testing.T) {
	const n = exponentLast + 2
	scores, steps := make([]int32, n), make([]int32, n)
	for i := range scores {
		scores[i], steps[i] = -int32(i), 1<<15-1
	}
	hi, lo := make([]int8, n), make([]int8, n)
	total := weighGeneric(hi, lo, scores, steps, 0, 0)
	g, u := make([]int32, 2*sigmoidSize+1), make([]int32, 2*sigmoidSize+1)
	for i := range g {
		g[i], u[i] = int32(i-sigmoidSize)<<(fraction-sigmoidFraction), 1<<14
	}
	y := make([]int32, len(g))
	gateShiftedGeneric(y, g, u, sigmoidTable(), 7, 0)
	eachForm(t, func(form string) {
		gotHi, gotLo := make([]int8, n), make([]int8, n)
		if got := weigh(gotHi, gotLo, scores, steps, 0, 0); got != total || !slices.Equal(gotHi, hi) || !slices.Equal(gotLo, lo) {
			t.Errorf("%s: weigh differs, total %d, want %d", form, got, total)
		}
		got := make([]int32, len(g))
		if gateShifted(got, g, u, sigmoidTable(), 7, 0); !slices.Equal(got, y) {
			t.Errorf("%s: gate differs", form)
		}
	})
}

// All forms give a model's logits, over a window and with several lanes.
func TestVectorLogits(t *testing.T) {
	m := mustOpen(t, modelFile(t, "nano"))
	var want []uint64
	eachForm(t, func(form string) {
		opened, err := m.NewSession(3, m.ContextLength())
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		s, r := opened, rand.New(rand.NewPCG(1, 2))
		var got []uint64
		for pos := range m.ContextLength() {
			var feeds []lm.Feed
			for i := range 3 {
				feeds = append(feeds, lm.Feed{Lane: i, Pos: pos, Tokens: []int32{r.Int32N(int32(len(m.Pieces())))}})
			}
			if err := s.Decode(context.Background(), feeds); err != nil {
				t.Fatal(err)
			}
			for i := range feeds {
				sum := uint64(0)
				for _, v := range s.Logits(i).Fixed {
					sum = sum*0x9e3779b97f4a7c15 + uint64(uint32(v))
				}
				got = append(got, sum)
			}
		}
		if want == nil {
			want = got
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("%s: lane %d at position %d has other logits", form, i%3, i/3)
			}
		}
	})
}

// A pass over slices that are too short panics.
func TestVectorBounds(t *testing.T) {
	const n = 64
	long, short := make([]int32, n), make([]int32, n-1)
	half, rows, bytes := make([]int16, n), make([]uint16, n), make([]int8, n)
	r := rescaling{1 << 15, 12, 1, 1 << 11}
	eachForm(t, func(form string) {
		for i, call := range []func(){
			func() { step(bytes[1:], long, 1, 254) },
			func() { normalize(short, long, half) },
			func() { normalize(long, long, half[1:]) },
			func() { rescale(short, long, rows, r) },
			func() { rescale(long, long, rows[1:], r) },
			func() { accumulate(short, long, rows, r) },
			func() { accumulate(long, long, rows[1:], r) },
			func() { gateShifted(short, long, long, sigmoidTable(), 1, 1) },
			func() { gateShifted(long, long, short, sigmoidTable(), 1, 1) },
			func() { rotateShifted(short, long, half, 1) },
			func() { rotateShifted(long, short, half, 1) },
			func() { scoreSteps(long, short, 0, 1, 1) },
			func() { weigh(bytes[1:], bytes, long, long, 0, 0) },
			func() { weigh(bytes, bytes[1:], long, long, 0, 0) },
			func() { weigh(bytes, bytes, long, short, 0, 0) },
			func() { combineShifted(long, short, long, 1<<15, 1) },
			func() { combineShifted(long, long, short, 1<<15, 1) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic for short slices in call %d", form, i)
					}
				}()
				call()
			}()
		}
	})
}

// The passes alone.
func BenchmarkVector(b *testing.B) {
	const n = 704
	r := rand.New(rand.NewPCG(1, 1))
	x, y, bytes, half, rows := numbers(r, n, 20), make([]int32, n), make([]int8, 2*n), words(r, n, 15), factors(r, n)
	by := rescaling{1 << 15, 12, 16, 1 << 26}
	eachForm(b, func(form string) {
		for name, pass := range map[string]func(){
			"maxAbs":     func() { maxAbs(x) },
			"step":       func() { step(bytes[:n], x, 7, 300) },
			"normalize":  func() { normalize(y, x, half) },
			"rescale":    func() { rescale(y, x, rows, by) },
			"accumulate": func() { accumulate(y, x, rows, by) },
			"gate":       func() { gateShifted(y, x, x, sigmoidTable(), 7, 7) },
			"rotate":     func() { rotateShifted(y, x, half, 7) },
			"scoreSteps": func() { scoreSteps(y, x, 7, 20000, 10) },
			"weigh":      func() { weigh(bytes[:n], bytes[n:], x, x, 1<<20, 7) },
			"combine":    func() { combineShifted(y, x, x, 1<<15, 20) },
		} {
			b.Run(name+"/"+form, func(b *testing.B) {
				for b.Loop() {
					pass()
				}
				b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/n, "ns/number")
			})
		}
	})
}
