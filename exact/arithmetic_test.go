package exact

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/lmz-go/lmz/internal/gguf"
)

// These tests hold each pass, in its plain form, to the real number that it stands for, within the
// roundings that docs/ARITHMETIC.md names.

func (a scale) float() float64 { return math.Ldexp(float64(a.m), a.e) }

func randomScale(r *rand.Rand) scale { return scale{1<<15 + r.Uint32N(1<<15), r.IntN(40) - 40} }

// wantNear fails unless got is within an error of want.
func wantNear(t *testing.T, what string, got, want, off float64) {
	t.Helper()
	if !(math.Abs(got-want) <= off) {
		t.Fatalf("%s is %v, want %v within %v", what, got, want, off)
	}
}

// wantScale fails unless a scale of 16 bits is the number rounded down, by up to bits more.
func wantScale(t *testing.T, what string, got scale, want, more float64) {
	t.Helper()
	if got.m>>15 != 1 {
		t.Fatalf("%s is %+v, which has not 16 bits", what, got)
	}
	if off := 1 - got.float()/want; off < -1e-15 || off >= more*math.Ldexp(1, -15) {
		t.Fatalf("%s is %v, want %v", what, got.float(), want)
	}
}

func TestScale(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 20000 {
		x, y := r.Uint64()>>r.IntN(64)|1, r.Uint64()>>(16+r.IntN(48))|1
		if i == 0 {
			x, y = math.MaxUint64, 1<<48-1
		}
		e := r.IntN(50) - 25
		wantScale(t, "scaleOf", scaleOf(x, e), math.Ldexp(float64(x), e), 1)
		wantScale(t, "ratio", ratio(x, y, e), math.Ldexp(float64(x)/float64(y), e), 1)
		wantScale(t, "rsqrt", rsqrt(x, 24), 1/math.Sqrt(math.Ldexp(float64(x), -24)), 1.01)
		a, b := randomScale(r), randomScale(r)
		wantScale(t, "times", a.times(b), a.float()*b.float(), 1)
		for _, fraction := range []int{cacheFraction, 0, 60} {
			want := min(math.Floor(math.Ldexp(float64(a.m), a.e+fraction)), math.MaxInt32)
			wantNear(t, "fixed", float64(a.fixed(fraction)), want, 0)
		}
	}
	wantScale(t, "log2e", log2e, math.Log2E, 1)
	for n := range 11 {
		wantScale(t, "inverseRoot", inverseRoot(n), 1/math.Sqrt(math.Ldexp(1, n)), 1)
	}
}

// rounded is x * 2^fraction to the nearest, halves up, by arithmetic of any precision.
func rounded(x float64, fraction int) *big.Int {
	r := new(big.Rat).SetFloat64(x)
	if fraction >= 0 {
		r.Mul(r, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(fraction))))
	}
	r.Add(r, big.NewRat(1, 2))
	return new(big.Int).Div(r.Num(), r.Denom()) // Euclid's: down, since denominators are positive
}

func TestFixedNumbers(t *testing.T) {
	check := func(b uint32) {
		f := math.Float32frombits(b)
		if b>>23&255 == 255 {
			return
		}
		for _, fraction := range []int{tensorFraction, 2*fraction - squareDrop} {
			want := rounded(float64(f), fraction)
			if limit := int64(1<<46 - 1); want.CmpAbs(big.NewInt(limit)) > 0 {
				want.SetInt64(limit * int64(want.Sign()))
			}
			if got := fixedFloat32(b, fraction); want.Cmp(big.NewInt(got)) != 0 {
				t.Fatalf("%g with %d bits of fraction is %d, want %v", f, fraction, got, want)
			}
		}
	}
	r := rand.New(rand.NewPCG(2, 2))
	for range 20000 {
		check(r.Uint32())
		// Halves, and what is next to them.
		half := math.Float32bits(float32(math.Ldexp(float64(2*r.IntN(1<<r.IntN(20))+1), -tensorFraction-1)))
		check(half ^ r.Uint32N(2)<<31)
		check(half + r.Uint32N(3) - 1)
	}
	for _, b := range []uint32{0, 1 << 31, 1, 0x7fffff, 0x800000, 0x7f7fffff, 0xff7fffff} {
		check(b)
	}
	for h := range 1 << 16 {
		if h>>10&31 != 31 {
			wantNear(t, "half", math.Ldexp(float64(fixedHalf(uint16(h))), -24), float64(gguf.FromHalf(uint16(h))), 0)
		}
	}
}

// A row is quantized as by division, however large or small its numbers are.
func TestQuantizeRow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 2000 {
		row := make([]int64, 12)
		bits := 1 + r.IntN(47)
		for i := range row {
			if row[i] = r.Int64N(1<<bits) - r.Int64N(1<<bits); r.IntN(8) == 0 {
				row[i] = 1<<bits - 1 // the greatest, and what lies half way between steps of it
			} else if r.IntN(8) == 0 {
				row[i] = -(1<<bits - 1) / 254 * (2*r.Int64N(127) + 1)
			}
		}
		packed := make([]byte, panelRows*len(row))
		most := quantizeRow(packed, 0, row)
		for c, v := range row {
			want := (max(v, -v)*254 + most) / (2 * most)
			if v < 0 {
				want = -want
			}
			if got := int64(int8(packed[c/4*4*panelRows+c%4])); got != want || most < max(v, -v) {
				t.Fatalf("%d of at most %d is %d, want %d", v, most, got, want)
			}
		}
	}
}

func TestQuantize(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for i := range 3000 {
		x, q := numbers(r, 40, 1+r.IntN(30)), make([]int8, 40)
		if i == 0 {
			clear(x)
		}
		most := maxAbsGeneric(x)
		by := quantize(q, x, most)
		greatest := int8(0)
		for j, v := range x {
			// Half a step, half a unit of what was narrowed, and 16 bits of the step.
			wantNear(t, "quantize", float64(q[j])*by.float(), float64(v), by.float()*(0.5+0.05)+0.5*math.Ldexp(1, narrowShift(most)))
			greatest = max(greatest, q[j], -q[j])
		}
		if i > 0 && most > 0 && greatest < 126 {
			t.Fatalf("%d became %d", most, greatest)
		}
	}
}

func TestExp2(t *testing.T) {
	last := int32(math.MaxInt32)
	for v := range int32(exponentLast + 1) {
		got := exp2(v)
		wantNear(t, "exp2", float64(got), math.Ldexp(math.Exp2(-float64(v)/(1<<exponentFraction)), 14), 2)
		if got > last || got < 0 {
			t.Fatalf("exp2(%d) is %d, and before %d", v, got, last)
		}
		last = got
	}
	if exp2(0) != 1<<14-1 || exp2(exponentLast) != 0 { // attend fills registers with the last
		t.Errorf("from %d to %d", exp2(0), exp2(exponentLast))
	}
}

func TestSigmoidTable(t *testing.T) {
	for i, v := range sigmoidTable()[:sigmoidSize] {
		x := (float64(i) + 0.5) / (1 << sigmoidFraction)
		wantNear(t, "sigmoid", float64(v), min(1<<15-1, math.Ldexp(1/(1+math.Exp(-x)), 15)), 1.001)
	}
}

func TestTurnTable(t *testing.T) {
	for _, base := range []float64{2, 10000, 500000, math.Ldexp(1, 100)} {
		for _, dimensions := range []int{16, 32, maxHead} {
			table := turnTable(big.NewFloat(base), dimensions, maxContext)
			for p := range maxContext {
				for i := 0; i < dimensions; i += 2 {
					angle := float64(p) * math.Pow(base, -float64(i)/float64(dimensions))
					for j, want := range []float64{math.Cos(angle), math.Sin(angle)} {
						want = max(-1<<15+1, min(1<<15-1, math.Ldexp(want, 15)))
						wantNear(t, "turn", float64(table[p*dimensions+i+j]), want, 0.501)
					}
				}
			}
		}
	}
}

func TestNorm(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 500 {
		n := 4 * (1 + r.IntN(maxColumns/4))
		x, weight, y := numbers(r, n, 8+r.IntN(23)), words(r, n, normBits), make([]int32, n)
		squares, most := normalizeGeneric(y, x, weight)
		sum := 0.0
		for i, v := range x {
			sum += float64(v) * float64(v)
			wantNear(t, "normalize", float64(y[i]), float64(v)*float64(weight[i])/(1<<normBits), 0.5)
			if v := max(y[i], -y[i]); uint32(v) > most || most > 1<<30 {
				t.Fatalf("%d of at most %d", v, most)
			}
		}
		wantNear(t, "squares", math.Ldexp(float64(squares), squareDrop), sum, sum*1e-12+float64(n)*(1<<squareDrop))
	}
}

func TestRescale(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 3000 {
		by := scale{1<<15 + r.Uint32N(1<<15), r.IntN(50) - 79} // below -28: units of sums are no greater than 2^4
		sums, rows, y := numbers(r, 16, 1+r.IntN(24)), make([]uint16, 16), make([]int32, 16)
		for i := range rows {
			rows[i] = uint16(r.Uint32())
		}
		to := rescalingTo(by, fraction)
		rescaleGeneric(y, sums, rows, to)
		for i, v := range sums {
			want := math.Ldexp(float64(v)*float64(rows[i])*by.float(), fraction)
			if math.Abs(want) > 1<<29 || max(v, -v) > to.limit {
				if max(y[i], -y[i]) > 1<<30 || want*float64(y[i]) < 0 {
					t.Fatalf("%v became %d", want, y[i])
				}
				continue
			}
			// A half, and what the factor of 20 bits at most has lost: one unit of it.
			unit := float64(v) * math.Ldexp(1, 12+fraction+by.e)
			wantNear(t, "rescale", float64(y[i]), want, 0.5+math.Abs(unit)+1)
		}
	}
}

func TestGate(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 1000 {
		g, u, y := numbers(r, 16, 10+r.IntN(14)), numbers(r, 16, 10+r.IntN(14)), make([]int32, 16)
		gMost, uMost := maxAbsGeneric(g), maxAbsGeneric(u)
		gs, us := narrowShift(gMost), narrowShift(uMost)
		gateShiftedGeneric(y, g, u, sigmoidTable(), gs, us)
		for i, v := range g {
			x := math.Ldexp(float64(v), -fraction)
			want := float64(v) / (1 + math.Exp(-x)) * float64(u[i])
			got := math.Ldexp(float64(y[i]), gs+us)
			// What g and u are off when narrowed, and the step of the table, of which the slope is 1/4 at
			// most.
			off := math.Ldexp(1, gs+1)*math.Abs(float64(u[i])) + math.Ldexp(1, us)*math.Abs(float64(v)) + math.Ldexp(1, gs+us) +
				math.Abs(float64(v)*float64(u[i]))*(1.0/4/512+1.0/(1<<14))
			wantNear(t, "gate", got, want, off)
		}
	}
}

func TestRotate(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	turns := turnTable(big.NewFloat(10000), 16, 64)
	for range 1000 {
		x, y, pos := numbers(r, 16, 1+r.IntN(30)), make([]int32, 16), r.IntN(64)
		exponent, _ := rotate(y, x, turns[pos*16:][:16])
		unit := math.Ldexp(1, exponent+fraction)
		for i := 0; i < 16; i += 2 {
			angle := float64(pos) * math.Pow(10000, -float64(i)/16)
			a, b := float64(x[i]), float64(x[i+1])
			off := math.Ldexp(unit, 15) + (math.Abs(a)+math.Abs(b))/(1<<14)
			wantNear(t, "rotate", float64(y[i])*unit, a*math.Cos(angle)-b*math.Sin(angle), off)
			wantNear(t, "rotate", float64(y[i+1])*unit, a*math.Sin(angle)+b*math.Cos(angle), off)
		}
	}
}

// What is attended to is the mean of the values by the softmax of the scores, in units of whatever
// size: sums, however many positions they are of, divide by the sum of the weights.
func TestAttention(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for range 600 {
		const head = 16
		n := 1 + r.IntN(80)
		if r.IntN(20) == 0 {
			n = maxContext
		}
		c := newCache(head, n)
		a := newAttention(shape{heads: 1, kvHeads: 1, head: head}, n)
		keys, values := make([][]float64, n), make([][]float64, n)
		// The greatest of keys and values have these exponents.
		keyExponent, valueExponent := -r.IntN(8)-3, -r.IntN(30)-1
		int8s := func() (list []int8) {
			for range head {
				list = append(list, int8(r.IntN(255)-127))
			}
			return list
		}
		floats := func(list []int8, by scale) (x []float64) {
			for _, v := range list {
				x = append(x, float64(v)*by.float())
			}
			return x
		}
		for pos := range n {
			k, v := int8s(), int8s()
			keyStep := scale{1<<15 + r.Uint32N(1<<15), keyExponent - 22 - r.IntN(2)}
			valueStep := scale{1<<15 + r.Uint32N(1<<15), valueExponent - 8 - r.IntN(3)}
			c.put(0, pos, k, v, keyStep, valueStep)
			keys[pos], values[pos] = floats(k, keyStep), floats(v, valueStep)
		}
		q, step := int8s(), scale{1<<15 + r.Uint32N(1<<15), -20 - r.IntN(4)} // scores are some octaves, of which 2^-14 are lost
		out := make([]int32, head)
		k := kernels[len(kernels)-1]
		a.attend(&k, out, &c, n, q, []scale{step}, head)
		want := attend(floats(q, step), keys, values, 0)
		most := 0.0
		for _, v := range values {
			for _, x := range v {
				most = max(most, math.Abs(x))
			}
		}
		for i, v := range out {
			// Scores are off by some 2^-10, weights by 2^-13 of the greatest, each.
			wantNear(t, "attended", math.Ldexp(float64(v), -fraction), want[i], most*0.01+math.Ldexp(float64(1), -fraction))
		}
	}
}
