package coder

import (
	"math"
	"math/big"
	"math/bits"
	"sync"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
)

const (
	exp2Bits  = 11 // index bits of the table: an octave has 2^11 steps
	weightMax = 31 // the most probable symbol weighs 2^31 + 1

	// logitScale is log2(e) * 2^exp2Bits, the table steps per unit of a logit.
	logitScale = 0x1.71547652b82fep+0 * (1 << exp2Bits)

	// floorBits is 22 as a float32: logits that are farther below the greatest one weigh 1, as
	// e^-22 < 2^-31.
	floorBits = 0x41b00000

	// fixedFloor is as far below the greatest of fixed-point logits as others count: these weigh 1.
	fixedFloor = 32<<exp2Bits - 1

	cdfBlock = lm.WeightBlock
)

// CDF is the cumulative distribution of one row of logits, in integers: a symbol weighs 2^31 *
// exp(logit - max), rounded down by steps of 2^(1/2048), plus 1, so that every symbol can be coded;
// the total is the sum of the weights, below 2^50.
//
// It is the same on every platform: one float32 subtraction and one float32 multiplication per
// symbol, each rounded once as IEEE 754 says and with no addition to be fused with, then integers.
type CDF struct {
	weights []uint32
	blocks  []uint64 // sums of cdfBlock weights
	total   uint64
}

// Set makes c the distribution of the logits, at most 2^18 of them. It returns ErrLogits for NaN,
// +Inf, or -Inf throughout.
func (c *CDF) Set(logits []float32) error {
	c.grow(len(logits))
	top, ok := maximum(logits)
	if !ok {
		return codec.ErrLogits
	}
	weigh(c.blocks, c.weights, logits, top)
	c.sum()
	return nil
}

func (c *CDF) setRow(r lm.Row) error {
	if r.Fixed == nil {
		return c.Set(r.Float)
	}
	c.SetFixed(r.Fixed)
	return nil
}

func (c *CDF) grow(n int) {
	if cap(c.weights) < n {
		c.weights = make([]uint32, n)
		c.blocks = make([]uint64, (n+cdfBlock-1)/cdfBlock)
	}
	c.weights = c.weights[:n]
	c.blocks = c.blocks[:(n+cdfBlock-1)/cdfBlock]
}

func (c *CDF) sum() {
	c.total = 0
	for _, sum := range c.blocks {
		c.total += sum
	}
}

// SetFixed is Set for logits in units of 2^-lm.LogitFraction bits, which are steps of the table.
func (c *CDF) SetFixed(logits []int32) {
	c.grow(len(logits))
	weighFixed(c.blocks, c.weights, logits, maximumFixed(logits))
	c.sum()
}

// maximumFixedGeneric is the greatest value.
func maximumFixedGeneric(values []int32) int32 {
	top := int32(math.MinInt32)
	for _, v := range values {
		top = max(top, v)
	}
	return top
}

// weighFixedGeneric sets the weights of logits of at most top, and their sums per block.
func weighFixedGeneric(blocks []uint64, weights []uint32, logits []int32, top int32) {
	table := exp2Table()
	for b := range blocks {
		i := b * cdfBlock
		j := min(len(logits), i+cdfBlock)
		sum := uint64(0)
		for i, v := range logits[i:j] {
			step := min(uint32(top)-uint32(v), fixedFloor)
			w := table[step%(1<<exp2Bits)]>>(step>>exp2Bits) + 1
			weights[b*cdfBlock+i] = w
			sum += uint64(w)
		}
		blocks[b] = sum
	}
}

// maximumGeneric is the greatest value, and whether it is finite and none is NaN.
func maximumGeneric(values []float32) (top float32, ok bool) {
	top = float32(math.Inf(-1))
	for _, v := range values {
		if v <= top {
			continue
		}
		if v != v {
			return v, false
		}
		top = v
	}
	top += 0 // not -0, from which 0 is farther than nothing: -0 - 0 is -0
	return top, top >= -math.MaxFloat32 && top <= math.MaxFloat32
}

// weighGeneric sets the weights of logits of at most top, and their sums per block.
func weighGeneric(blocks []uint64, weights []uint32, logits []float32, top float32) {
	table := exp2Table()
	for b := range blocks {
		i := b * cdfBlock
		j := min(len(logits), i+cdfBlock)
		blocks[b] = weighBlock(weights[i:j], logits[i:j], top, table)
	}
}

// weighBlock is a function of its own for the sake of registers.
//
//go:noinline
func weighBlock(weights []uint32, logits []float32, top float32, table *[1 << exp2Bits]uint32) (sum uint64) {
	weights = weights[:len(logits)]
	for i, v := range logits {
		// Distances are not negative, so that their bits are in the order of their values: the
		// lesser of two without a branch.
		d := math.Float32frombits(min(math.Float32bits(top-v), floorBits))
		step := uint32(int32(d * logitScale))
		w := table[step%(1<<exp2Bits)]>>(step>>exp2Bits&31) + 1
		weights[i] = w
		sum += uint64(w)
	}
	return sum
}

// Total is the sum of all weights.
func (c *CDF) Total() uint64 { return c.total }

// Symbol gives the sum of the weights before a symbol and its own.
func (c *CDF) Symbol(s int) (cum, freq uint64) {
	for _, sum := range c.blocks[:s/cdfBlock] {
		cum += sum
	}
	for _, w := range c.weights[s/cdfBlock*cdfBlock : s] {
		cum += uint64(w)
	}
	return cum, uint64(c.weights[s])
}

// Find gives the symbol with cum <= target < cum+freq, for a target below Total.
func (c *CDF) Find(target uint64) (s int, cum, freq uint64) {
	b := 0
	for cum+c.blocks[b] <= target {
		cum += c.blocks[b]
		b++
	}
	for s = b * cdfBlock; ; s++ {
		freq = uint64(c.weights[s])
		if cum+freq > target {
			return s, cum, freq
		}
		cum += freq
	}
}

// exp2Table gives floor(2^(31 - i/2048)) for i of 0 … 2047, up to an error of 1 in the last place
// that is the same everywhere: products of the repeated square roots of 1/2, as 64-bit fractions.
var exp2Table = sync.OnceValue(func() *[1 << exp2Bits]uint32 {
	var roots [exp2Bits]uint64 // roots[k] = 2^64 * 2^-(2^k/2048)
	root := new(big.Int).Lsh(big.NewInt(1), 127)
	for k := exp2Bits - 1; k >= 0; k-- { // root is 2^128 * 2^-(2^(k+1)/2048)
		root.Sqrt(root)
		roots[k] = root.Uint64()
		root.Lsh(root, 64)
	}
	var table [1 << exp2Bits]uint32
	for i := range table {
		x := uint64(math.MaxUint64)
		for k := range roots {
			if i>>k&1 != 0 {
				x, _ = bits.Mul64(x, roots[k])
			}
		}
		table[i] = uint32(x >> 33)
	}
	table[0] = 1 << weightMax
	return &table
})

// Exp2Table is the table that weighs fixed-point logits, for a lm.Weigher: read only.
func Exp2Table() []uint32 { return exp2Table()[:] }

// cost is log2(total/freq) in 2^-16 bits (kvcache.BitFraction), to 1 of them: the same on every
// platform.
func cost(freq, total uint64) uint64 { return log2(total) - log2(freq) }

// log2 is the logarithm of x > 0 in 2^-16, rounded down, by repeated squaring of the mantissa.
func log2(x uint64) uint64 {
	exponent := uint64(bits.Len64(x) - 1)
	mantissa := x << (63 - exponent) // in [1, 2) as 1.63
	result := exponent
	for range 16 {
		hi, _ := bits.Mul64(mantissa, mantissa) // in [1, 4) as 2.62
		result <<= 1
		if hi>>63 != 0 {
			result |= 1
			mantissa = hi
		} else {
			mantissa = hi << 1
		}
	}
	return result
}
