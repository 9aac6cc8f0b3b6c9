package bwt

import (
	"context"
	"fmt"
	"math/bits"
)

// A block is the Burrows-Wheeler transform of tokens: what is in front of each suffix, in the order
// of the suffixes. The first row is that of the empty suffix; that of the whole block has nothing
// in front of it and is left out.
//
// The block is made again backwards, from row to row, which waits for memory each time. So it is
// cut into chains, which are made side by side: the rows of the suffixes that they begin with are
// stored.
const (
	chains     = 8
	leastChain = 1 << 14 // tokens
)

// chainsOf is the number of chains of a block of n tokens.
func chainsOf(n int) int { return max(1, min(chains, n/leastChain)) }

// encodeBlock codes a block of tokens.
func (c *Coder) encodeBlock(ctx context.Context, coder *bitCoder, block []byte) error {
	n := len(block)
	sa := c.rows(n)
	if err := suffixArray(ctx, block, sa); err != nil {
		return err
	}
	var begins [chains]int
	count := chainsOf(n)
	// What is in front of the suffixes is looked up first: many at a time wait for memory so.
	for i, p := range sa {
		if i%pollEvery == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if q := int(p); q%(n/count) == 0 && q/(n/count) < count {
			begins[q/(n/count)] = i + 1
		}
		if p > 0 {
			sa[i] = int32(block[p-1])
		}
	}
	for _, row := range begins[:count] {
		codeNumber(coder, row, n)
	}
	c.model.code(coder, uint32(block[n-1]))
	for i, symbol := range sa {
		if i%pollCoding == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if i+1 != begins[0] {
			c.model.code(coder, uint32(symbol))
		}
	}
	return nil
}

// pollCoding is how many symbols are coded between two looks at the context: about a millisecond's
// worth.
const pollCoding = 1 << 12

// codeNumber codes a number from 0 to most, and gives it; that of a decoder may be larger.
func codeNumber(coder *bitCoder, number, most int) (coded int) {
	for i := bits.Len(uint(most)) - 1; i >= 0; i-- {
		coded = coded<<1 | int(coder.code(uint32(number>>i&1), 1<<15))
	}
	return coded
}

// decodeBlock appends a block of n tokens to dst. It takes memory for what has been decoded.
func (c *Coder) decodeBlock(ctx context.Context, coder *bitCoder, dst []byte, n int) ([]byte, error) {
	var begins [chains + 1]int // the end of the last chain is the empty suffix
	count := chainsOf(n)
	for i := range count {
		begins[i] = codeNumber(coder, 0, n)
		if begins[i] < 1 || begins[i] > n {
			return dst, fmt.Errorf("%w: row %d of %d", ErrCorrupt, begins[i], n)
		}
	}
	var next [256]int32
	rows := c.table[:0]
	for len(rows) <= n {
		if len(rows) == begins[0] {
			rows = append(rows, 0)
			continue
		}
		if len(rows)%pollCoding == 0 && ctx.Err() != nil {
			return dst, context.Cause(ctx)
		}
		if len(rows) == cap(rows) {
			rows = grow(rows, n+1)
			c.table = rows
		}
		symbol := c.model.code(coder, 0)
		if coder.overrun() {
			return dst, fmt.Errorf("%w: it ends before row %d of %d", ErrCorrupt, len(rows), n)
		}
		rows = append(rows, int32(symbol))
		next[symbol]++
	}
	c.table = rows
	row := int32(1)
	for symbol, count := range next {
		next[symbol] = row
		row += count
	}
	for i := range rows {
		if i%pollEvery == 0 && ctx.Err() != nil {
			return dst, context.Cause(ctx)
		}
		if i != begins[0] {
			symbol := rows[i]
			rows[i] = symbol | next[symbol&0xff]<<8
			next[symbol&0xff]++
		}
	}
	return follow(ctx, dst, rows, begins[:count+1])
}

// follow appends the block to dst: from each row, the symbol in the lowest byte is what is in front
// of its suffix, and the rest is the row of the suffix that begins with it.
func follow(ctx context.Context, dst []byte, rows []int32, begins []int) ([]byte, error) {
	n, count := len(rows)-1, len(begins)-1
	length := n / count
	start := len(dst)
	dst = append(dst, make([]byte, n)...)
	out := dst[start:]
	var at [chains]uint32
	for k := range count {
		at[k] = uint32(begins[k+1])
	}
	for i := n - 1; i >= count*length; i-- { // the last chain is longer
		v := uint32(rows[at[count-1]])
		out[i] = byte(v)
		at[count-1] = v >> 8
	}
	for i := length - 1; i >= 0; i-- {
		if i%(pollEvery/chains) == 0 && ctx.Err() != nil {
			return dst[:start], context.Cause(ctx)
		}
		for k := range at[:count] {
			v := uint32(rows[at[k]])
			out[k*length+i] = byte(v)
			at[k] = v >> 8
		}
	}
	for k := range count {
		if at[k] != uint32(begins[k]) {
			return dst[:start], fmt.Errorf("%w: chain %d ends at row %d, want %d", ErrCorrupt, k, at[k], begins[k])
		}
	}
	return dst, nil
}

// grow makes room for more elements, twice as many, but no more than most.
func grow(s []int32, most int) []int32 {
	grown := make([]int32, len(s), min(most, max(2*len(s), 1<<12)))
	copy(grown, s)
	return grown
}
