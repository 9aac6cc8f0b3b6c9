package coder

import (
	"fmt"

	"github.com/lmz-go/lmz/codec"
)

// Here the method lm codes with sums of weights, of which the lm.Weigher that has them gives one
// block. The numbers are those of a CDF.

// weigh asks for sums in place of logits, where they do, until the result is called.
func (c *tokenCoder) weigh() (end func()) {
	_, c.lane.weighed = c.symbols.(*arithmetic)
	return func() { c.lane.weighed = false }
}

// before is the sum of the first n sums, and of all.
func before(sums []uint64, n int) (cum, total uint64) {
	for i, sum := range sums {
		if i == n {
			cum = total
		}
		total += sum
	}
	return cum, total
}

// block asks for the weights of a block, whose sum must be this.
func (c *tokenCoder) block(block int, sum uint64) ([]uint32, error) {
	weights, err := c.lane.Weights(block)
	if err != nil {
		return nil, err
	}
	for _, w := range weights {
		sum -= uint64(w)
	}
	if sum != 0 || len(weights) != cdfBlock {
		return nil, fmt.Errorf("%w: weights of block %d are not what their sum says", codec.ErrLogits, block)
	}
	return weights, nil
}

func (c *tokenCoder) encodeWeighed(sums []uint64, token int32) error {
	block := int(token) / cdfBlock
	cum, total := before(sums, block)
	weights, err := c.block(block, sums[block])
	if err != nil {
		return err
	}
	for _, w := range weights[:token%cdfBlock] {
		cum += uint64(w)
	}
	freq := uint64(weights[token%cdfBlock])
	c.symbols.(*arithmetic).enc.Encode(cum, freq, total)
	c.spend(freq, total)
	return nil
}

func (c *tokenCoder) decodeWeighed(sums []uint64) (int32, error) {
	a := c.symbols.(*arithmetic)
	_, total := before(sums, 0)
	target := a.dec.Target(total)
	block, cum := 0, uint64(0)
	for cum+sums[block] <= target {
		cum += sums[block]
		block++
	}
	weights, err := c.block(block, sums[block])
	if err != nil {
		return 0, err
	}
	i := 0
	for cum+uint64(weights[i]) <= target {
		cum += uint64(weights[i])
		i++
	}
	freq := uint64(weights[i])
	if err := a.dec.Consume(cum, freq, total); err != nil {
		return 0, err
	}
	c.spend(freq, total)
	return int32(block*cdfBlock + i), nil
}
