// Package bwt compresses prose by block sorting: the Burrows-Wheeler transform of its words, coded
// bit by bit by a mix of adaptive probabilities. It is several times faster than context mixing of
// the text itself, and needs no table that grows with what it has seen. docs/CODEC.md describes it.
//
// Only integers are used, so the bytes are the same on every platform.
package bwt

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
)

// maxBlock is the most tokens of a block: those of 8 MiB of prose, and more.
const maxBlock = 6 << 20

// Memory is the size in bytes of the tables that a Coder needs for chunks of up to size bytes.
func Memory(size int) int { return 4*(min(size, maxBlock)+1) + modelSize }

// Coder codes chunks, with tables that are kept from one to the next. The zero value is ready to be
// used, by one goroutine at a time.
type Coder struct {
	model *model
	table []int32 // the suffix array, or the rows of a block
	block int     // tokens of a block; 0: maxBlock
}

// Size is the memory of the tables in bytes.
func (c *Coder) Size() int {
	if c.model == nil {
		return 0
	}
	return 4*cap(c.table) + modelSize
}

func (c *Coder) rows(n int) []int32 {
	if cap(c.table) < n {
		c.table = nil // before the new one is made
		c.table = make([]int32, n)
	}
	return c.table[:n]
}

func (c *Coder) begin() {
	if c.model == nil {
		c.model = new(model)
	}
	c.model.reset()
}

// A payload begins with a byte of these flags.
const (
	tokenized = 1 << iota // the blocks are of tokens, whose number follows as a varint; else of bytes
	carriage              // lines
	wrapped
	spaced
	knownFlags
)

// Encode appends the payload of src to dst. fits says that the method is made for src: most of its
// words have codes, and no long stretches come again and again. It returns the cause of ctx's end.
func (c *Coder) Encode(ctx context.Context, dst, src []byte) (out []byte, fits bool, err error) {
	if len(src) == 0 {
		return dst, false, nil
	}
	c.begin()
	var used [256]bool
	for _, b := range src {
		used[b] = true
	}
	tokens, l, err := tokenize(ctx, src, &used)
	if err != nil {
		return dst, false, err
	}
	var coder bitCoder
	if tokens == nil {
		tokens = src
		coder = newEncoder(append(dst, 0))
	} else {
		coder = newEncoder(binary.AppendUvarint(append(dst, l.flags()), uint64(len(tokens))))
		codeUsed(&coder, &used)
	}
	var counts [256]int
	for _, t := range tokens {
		counts[t]++
	}
	lengths := codeLengths(&counts)
	codeTree(&coder, &lengths)
	c.model.tree.build(&lengths)
	left := tokens
	for n := range c.blocks(len(tokens)) {
		if err := c.encodeBlock(ctx, &coder, left[:n]); err != nil {
			return dst, false, err
		}
		left = left[n:]
	}
	out = coder.finish()
	return out, suits(len(src), len(tokens), len(out)-len(dst)), nil
}

// suits is whether the method is made for a chunk of raw bytes that became so many tokens, and bytes of
// payload. Sums of large chunks need 64 bits on any machine, as bytes must not depend on it.
func suits(raw, tokens, payload int) bool {
	return 8*int64(tokens) <= 5*int64(raw) && 8*int64(payload) >= int64(raw)
}

func (l *lines) flags() (f byte) {
	f = tokenized
	if l.carriage {
		f |= carriage
	}
	if l.wrapped {
		f |= wrapped
	}
	if l.spaced {
		f |= spaced
	}
	return f
}

// blocks gives the sizes of the blocks of n tokens: as few as may be, of about the same size.
func (c *Coder) blocks(n int) iter.Seq[int] {
	most := cmp.Or(c.block, maxBlock)
	return func(yield func(int) bool) {
		for left := (n + most - 1) / most; left > 0; left-- {
			size := n / left
			if !yield(size) {
				return
			}
			n -= size
		}
	}
}

// codeUsed codes which bytes a text has.
func codeUsed(coder *bitCoder, used *[256]bool) {
	counters := [2]uint32{even, even}
	last := uint32(0)
	for i, is := range used {
		bit := uint32(0)
		if is {
			bit = 1
		}
		last = codeAdaptive(coder, &counters[last], bit)
		used[i] = last == 1
	}
}

// codeTree codes the lengths of codes.
func codeTree(coder *bitCoder, lengths *[256]uint8) {
	var counters [maxDepth + 1][maxDepth + 1]uint32
	for i := range counters {
		fill(counters[i][:], even)
	}
	last := uint8(0)
	for i, n := range lengths {
		node := uint32(1)
		for shift := 3; shift >= 0; shift-- {
			node = node<<1 | codeAdaptive(coder, &counters[last][node], uint32(n)>>shift&1)
		}
		last = uint8(node & maxDepth)
		lengths[i] = last
	}
}

func codeAdaptive(coder *bitCoder, counter *uint32, bit uint32) uint32 {
	bit = coder.code(bit, max(16, min(65536-16, *counter>>16)))
	adapt(counter, int64(bit)*(1<<22-1), slowest)
	return bit
}

// Decode appends the n bytes of a payload to dst. It returns an error that wraps ErrCorrupt for a
// payload that no Encode has made, and the cause of ctx's end. Beyond a fixed size, memory is taken
// for what has been decoded only.
func (c *Coder) Decode(ctx context.Context, dst, src []byte, n int) ([]byte, error) {
	if n == 0 && len(src) == 0 {
		return dst, nil
	}
	if n == 0 || len(src) == 0 || src[0] >= knownFlags || src[0]&tokenized == 0 && src[0] != 0 {
		return dst, fmt.Errorf("%w: it begins with %x, for %d bytes", ErrCorrupt, src[:min(1, len(src))], n)
	}
	c.begin()
	flags, count := src[0], n
	src = src[1:]
	if flags&tokenized != 0 {
		number, size := binary.Uvarint(src)
		if size <= 0 || number >= uint64(n) || number == 0 {
			return dst, fmt.Errorf("%w: %d tokens, for %d bytes", ErrCorrupt, number, n)
		}
		count, src = int(number), src[size:]
	}
	coder := newDecoder(src)
	d := &detokenizer{wrap: newWrap(), size: n, out: dst, begin: len(dst), start: len(dst)}
	d.carriage, d.wrapped, d.spaced = flags&carriage != 0, flags&wrapped != 0, flags&spaced != 0
	if flags&tokenized != 0 {
		var used [256]bool
		codeUsed(&coder, &used)
		if d.alphabet = newAlphabet(&used); d.alphabet == nil {
			return dst, fmt.Errorf("%w: no bytes are left for codes", ErrCorrupt)
		}
	}
	var lengths [256]uint8
	codeTree(&coder, &lengths)
	if !c.model.tree.build(&lengths) {
		return dst, fmt.Errorf("%w: lengths of codes that make no tree", ErrCorrupt)
	}
	var tokens []byte
	if flags&tokenized == 0 {
		tokens = dst
	}
	for size := range c.blocks(count) {
		var err error
		if tokens, err = c.decodeBlock(ctx, &coder, tokens, size); err != nil {
			return dst, err
		}
	}
	if !coder.finished() {
		return dst, fmt.Errorf("%w: it does not end where %d tokens do", ErrCorrupt, count)
	}
	if flags&tokenized == 0 {
		return tokens, nil
	}
	d.out = slices.Grow(dst, int(min(int64(n), 3*int64(count)))+maxWord)
	if err := d.text(ctx, tokens); err != nil {
		return dst, err
	}
	return d.out, nil
}
