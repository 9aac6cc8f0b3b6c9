package coder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
)

// logits are n values of a shape like a model's: normal, with a few far above. The same on every
// platform.
func logits(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 0))
	row := make([]float32, n)
	for i := range row {
		sum := int32(0)
		for range 4 {
			sum += int32(rng.Uint32N(1<<16)) - 1<<15
		}
		row[i] = float32(sum) / (1 << 13)
	}
	for range 3 {
		row[rng.IntN(n)] += float32(rng.Uint32N(1<<16)) / (1 << 12)
	}
	return row
}

var inf = float32(math.Inf(1))

// TestCDFGolden fixes the weights for ever: archives rest on them.
func TestCDFGolden(t *testing.T) {
	hash := fnv.New64a()
	add := func(row []float32) {
		var c CDF
		if err := c.Set(row); err != nil {
			t.Fatal(err)
		}
		for _, w := range c.weights {
			binary.Write(hash, binary.LittleEndian, w)
		}
	}
	for i, n := range []int{2, 63, 64, 65, 257, 4096, 32000} {
		add(logits(n, uint64(i)))
	}
	ramp := make([]float32, 1<<15) // all steps of the table, and past the floor
	for i := range ramp {
		ramp[i] = -float32(i) / 1024
	}
	add(ramp)
	add([]float32{-inf, 0, math.SmallestNonzeroFloat32, -math.MaxFloat32, -21.99999, -22, -22.00001})
	if got, want := hash.Sum64(), uint64(0xb93d706eaa309acf); got != want {
		t.Errorf("hash of the weights is %#x, want %#x", got, want)
	}
}

// TestCDFGeneric holds what this machine uses against plain Go, bit for bit.
func TestCDFGeneric(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	negativeZero := float32(math.Copysign(0, -1))
	for n := 1; n < 600; n++ {
		row := make([]float32, n)
		for i := range row {
			switch rng.UintN(8) {
			case 0:
				row[i] = math.Float32frombits(rng.Uint32())
			case 1:
				row[i] = []float32{0, negativeZero, -inf, math.SmallestNonzeroFloat32, -math.MaxFloat32}[rng.IntN(5)]
			default:
				row[i] = -float32(rng.Uint32N(1<<20)) / (1 << 15)
			}
			if !(row[i] < 1) && n%4 != 0 { // NaN, and maxima that hide the rest, in a quarter of the rows
				row[i] = 1
			}
		}
		top, ok := maximum(row)
		wantTop, wantOK := maximumGeneric(row)
		if ok != wantOK || ok && math.Float32bits(top) != math.Float32bits(wantTop) {
			t.Fatalf("maximum of %v is %v, %v, want %v, %v", row, top, ok, wantTop, wantOK)
		}
		if !ok {
			continue
		}
		weights, want := make([]uint32, n), make([]uint32, n)
		blocks, wantBlocks := make([]uint64, (n+cdfBlock-1)/cdfBlock), make([]uint64, (n+cdfBlock-1)/cdfBlock)
		weigh(blocks, weights, row, top)
		weighGeneric(wantBlocks, want, row, top)
		if !slices.Equal(weights, want) || !slices.Equal(blocks, wantBlocks) {
			t.Fatalf("weights of %v are %v, want %v", row, weights, want)
		}
	}
	var c CDF
	for _, row := range [][]float32{{negativeZero, 0, -1}, {0, negativeZero, -1}, {negativeZero, negativeZero, -1}} {
		if err := c.Set(row); err != nil || c.weights[0] != 1<<31+1 || c.weights[1] != 1<<31+1 {
			t.Errorf("weights of zeros of both signs are %v, %v", c.weights, err)
		}
	}
}

// Of logits in fixed point, too; and a weight is what the definition says.
func TestCDFFixed(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for n := 1; n < 600; n++ {
		row := make([]int32, n)
		for i := range row {
			switch rng.UintN(8) {
			case 0:
				row[i] = int32(rng.Uint32())
			case 1:
				row[i] = []int32{0, math.MinInt32, math.MaxInt32, -1}[rng.IntN(4)]
			default:
				row[i] = -int32(rng.Uint32N(1 << 17))
			}
			if n%4 != 0 { // maxima that hide the rest in a quarter of the rows
				row[i] = min(row[i], 1000)
			}
		}
		top := maximumFixed(row)
		if want := slices.Max(row); top != want {
			t.Fatalf("maximum of %v is %v, want %v", row, top, want)
		}
		weights, want := make([]uint32, n), make([]uint32, n)
		blocks, wantBlocks := make([]uint64, (n+cdfBlock-1)/cdfBlock), make([]uint64, (n+cdfBlock-1)/cdfBlock)
		weighFixed(blocks, weights, row, top)
		weighFixedGeneric(wantBlocks, want, row, top)
		if !slices.Equal(weights, want) || !slices.Equal(blocks, wantBlocks) {
			t.Fatalf("weights of %v are %v, want %v", row, weights, want)
		}
		for i, v := range row {
			octaves := min(float64(int64(top)-int64(v))/(1<<exp2Bits), 32)
			if w := math.Exp2(weightMax-octaves) + 1; math.Abs(float64(weights[i])-w) > 2 {
				t.Fatalf("a logit of %d below %d weighs %d, want %.1f", v, top, weights[i], w)
			}
		}
	}
}

// TestCDFWeights compares with what the type's comment says, in float64.
func TestCDFWeights(t *testing.T) {
	var c CDF
	row := logits(4096, 1)
	row[7] = -inf
	if err := c.Set(row); err != nil {
		t.Fatal(err)
	}
	top := float64(slices.Max(row))
	for i, w := range c.weights {
		exact := math.Exp(float64(row[i])-top) * (1 << 31)
		if float64(w) < exact*(1-1e-5) || float64(w) > exact*math.Exp2(1.0/2048)+2 {
			t.Errorf("logit %v - %v weighs %d, want %v up to 1/2048 octave more", row[i], top, w, exact)
		}
	}
}

func TestExp2Table(t *testing.T) {
	for i, got := range exp2Table() {
		if i%16 > 1 { // the rest are products of the same roots
			continue
		}
		// got^2048 <= 2^(31*2048 - i) < (got+1)^2048, with one unit of leave.
		want := new(big.Int).Lsh(big.NewInt(1), uint(31*2048-i))
		pow := func(x uint32) *big.Int { return new(big.Int).Exp(big.NewInt(int64(x)), big.NewInt(2048), nil) }
		if pow(got-1).Cmp(want) > 0 || pow(got+2).Cmp(want) <= 0 {
			t.Fatalf("table[%d] is %d", i, got)
		}
	}
}

func TestCDFSymbolAndFind(t *testing.T) {
	for _, n := range []int{1, 2, 63, 64, 65, 128, 1000, 4096} {
		var c CDF
		if err := c.Set(logits(n, uint64(n))); err != nil {
			t.Fatal(err)
		}
		sum := uint64(0)
		for s := range n {
			cum, freq := c.Symbol(s)
			if cum != sum || freq == 0 {
				t.Fatalf("symbol %d of %d: cum %d, want %d, freq %d", s, n, cum, sum, freq)
			}
			for _, target := range []uint64{cum, cum + freq/2, cum + freq - 1} {
				if gs, gc, gf := c.Find(target); gs != s || gc != cum || gf != freq {
					t.Fatalf("target %d of %d: symbol %d, %d, %d, want %d, %d, %d", target, n, gs, gc, gf, s, cum, freq)
				}
			}
			sum += freq
		}
		if sum != c.Total() {
			t.Fatalf("total %d, want %d", c.Total(), sum)
		}
	}
}

// TestCDFTotal holds the greatest vocabulary against the coder's greatest total.
func TestCDFTotal(t *testing.T) {
	var c CDF
	if err := c.Set(make([]float32, maxVocabulary)); err != nil {
		t.Fatal(err)
	}
	if c.Total() > maxRangeTotal {
		t.Errorf("total %d, at most %d can be coded", c.Total(), uint64(maxRangeTotal))
	}
}

func TestCDFRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for _, row := range [][]float32{
		{}, {nan}, {0, nan}, {nan, 0}, {0, -nan, 1}, {inf, 0}, {0, inf, inf}, {-inf, -inf}, {-inf, nan}, {inf, -inf},
	} {
		var c CDF
		if err := c.Set(row); !errors.Is(err, codec.ErrLogits) {
			t.Errorf("%v: %v", row, err)
		}
	}
}

// TestCDFOverCost compares the bits that the weights cost on average with the entropy of the
// logits. Of 2^31, every symbol has 1 too many: that is where the bits go when a great vocabulary
// has one symbol that is nearly certain.
func TestCDFOverCost(t *testing.T) {
	for _, n := range []int{257, 4096, 150_000} {
		for seed := range uint64(2) {
			row := logits(n, seed)
			if seed == 1 {
				row[n/2] = 14 + float32(math.Log(float64(n))) // nearly certain
			}
			var c CDF
			if err := c.Set(row); err != nil {
				t.Fatal(err)
			}
			top, norm := float64(slices.Max(row)), 0.0
			for _, v := range row {
				norm += math.Exp(float64(v) - top)
			}
			entropy, coded := 0.0, 0.0
			for s, v := range row {
				p := math.Exp(float64(v)-top) / norm
				_, freq := c.Symbol(s)
				entropy -= p * math.Log2(p)
				coded -= p * math.Log2(float64(freq)/float64(c.Total()))
			}
			over := coded - entropy
			t.Logf("%d symbols, entropy %.6f bits, over-cost %.2g bits", n, entropy, over)
			if over < -1e-9 || over > 0.0001*entropy+1.5*float64(n)/(1<<31) {
				t.Errorf("%d symbols, entropy %v bits, over-cost %v", n, entropy, over)
			}
		}
	}
}

func TestCost(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		total := 2 + rng.Uint64N(1<<(1+rng.UintN(50)))
		freq := 1 + rng.Uint64N(total-1)
		want := math.Log2(float64(total)/float64(freq)) * (1 << 16)
		if got := float64(cost(freq, total)); math.Abs(got-want) > 1.01 {
			t.Fatalf("cost(%d, %d) = %v, want %v", freq, total, got, want)
		}
	}
}

func BenchmarkCDF(b *testing.B) {
	for _, n := range []int{257, 4096, 150_000} {
		row := logits(n, 1)
		var c CDF
		b.Run(fmt.Sprintf("Set/%d", n), func(b *testing.B) {
			for b.Loop() {
				if err := c.Set(row); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("Symbol/%d", n), func(b *testing.B) {
			for b.Loop() {
				c.Symbol(n - 1)
			}
		})
		b.Run(fmt.Sprintf("Find/%d", n), func(b *testing.B) {
			for b.Loop() {
				c.Find(c.Total() - 1)
			}
		})
	}
}
