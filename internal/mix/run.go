package mix

import (
	"context"
	"encoding/binary"
	"math/bits"
)

const (
	// A run is asked for once longMatch has been right for runAfter bytes.
	runAfter = 256

	// runUnit is what the length of a run is a multiple of, unless it goes on to the end of the
	// chunk. What is left is coded as ever: where a match ends, the contexts know better than a
	// length.
	runUnit = 1024

	// runReplay is how many bytes of a run the experts and the parser see at most: its last ones.
	runReplay = 4096
)

// run is about runs: stretches that are as longMatch says, coded as one decision and a length.
// Nothing is learnt from their bytes. There is one question for each time that the match has become
// long, so that logs pay nothing.
type run struct {
	asked bool
	past  uint32     // answers to the last two questions, the latest in bit 0
	owed  int        // in a decoder: bytes that cannot all be as the match says, or they were a run
	yes   [4]uint32  // by past: the next bytes are a run
	whole [4]uint32  // by past: up to the end of the chunk
	more  [32]uint32 // by j: a length of at least 2^j units is at least 2^(j+1) units
}

func newRun() run {
	var r run
	fill(r.yes[:], 1<<28)
	fill(r.whole[:], 1<<31)
	fill(r.more[:], 1<<31)
	return r
}

// asksRun says whether it is to be coded if the next bytes, of which there are left, are a run.
func (m *model) asksRun(left int) bool {
	e := &m.cursor.experts[longMatch]
	if e.ptr == 0 || e.length < runAfter {
		m.run.asked = false
		return false
	}
	if m.run.asked || m.stretch.left > 0 || left < runUnit {
		return false
	}
	m.run.asked = true
	return true
}

// bitCoder codes a bit whose probability of being 1 is p, and gives it: the encoder's is y, the
// decoder's is read.
type bitCoder func(y, p uint32) uint32

// codeRun codes the length of a run, 0 for none, in a chunk of which there is left. An encoder
// gives n; the decoder gets it, or -1 for a length that an encoder would have coded otherwise.
func (r *run) codeRun(code bitCoder, n, left int) int {
	adapt := func(e *uint32, y bool) bool {
		bit := code(flag(y), max(1, min(65535, *e>>16)))
		learn(e, bit, 255)
		return bit == 1
	}
	past := r.past & 3
	some := adapt(&r.yes[past], n > 0)
	r.past = past<<1 | flag(some)
	if !some {
		return 0
	}
	if adapt(&r.whole[past], n == left) {
		return left
	}
	v := uint32(n / runUnit)
	k := 0
	for k < 31 && adapt(&r.more[k], int(v)>>(k+1) > 0) {
		k++
	}
	length := uint64(1)
	for k--; k >= 0; k-- {
		length = length<<1 | uint64(code(v>>k&1, 1<<15))
	}
	if length *= runUnit; length >= uint64(left) {
		return -1
	}
	return int(length)
}

// runLength is how many bytes at the start of text a run has, 0 if there are too few.
func (m *model) runLength(ctx context.Context, text []byte) int {
	from := m.buf[m.cursor.experts[longMatch].ptr:]
	n := common(ctx, from, text)
	if n == len(from) { // it goes on in the text itself
		n += common(ctx, text, text[n:])
	}
	switch {
	case n < runUnit:
		return 0
	case n == len(text):
		return n
	}
	return n / runUnit * runUnit
}

// common is the length of the longest common prefix, or less if ctx has ended.
func common(ctx context.Context, a, b []byte) int {
	most := min(len(a), len(b))
	n := 0
	for ; n+8 <= most; n += 8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
		if n%clearedAtOnce == 0 && ctx.Err() != nil {
			return n
		}
	}
	for n < most && a[n] == b[n] {
		n++
	}
	return n
}

// repeat moves past a run of n bytes, with which the chunk ends or not.
func (m *model) repeat(ctx context.Context, n int, end bool) error {
	start := len(m.buf)
	m.buf = room(m.buf, n, n)
	if skip := n - runReplay; skip > 0 {
		if err := m.skip(ctx, skip); err != nil {
			return err
		}
	}
	for range min(n, runReplay) {
		m.follow(m.buf[m.cursor.experts[longMatch].ptr], false)
	}
	m.run.asked = !end
	if m.advisor != nil {
		m.advisor.Run(m.buf[start:])
	}
	return nil
}

// skip moves past n bytes that are as longMatch says. The experts that point at the history keep
// their distance from the cursor; the line begins anew.
func (m *model) skip(ctx context.Context, n int) error {
	from := m.cursor.experts[longMatch].ptr
	for left := n; left > 0; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		all := len(m.buf) - from
		k := min(left, all, clearedAtOnce)
		m.buf = append(m.buf, m.buf[from:from+k]...)
		if left -= k; k < all { // else the distance doubles
			from += k
		}
	}
	for i := range m.cursor.experts {
		e := &m.cursor.experts[i]
		switch i {
		case copyMatch, digitMatch, forecastMatch:
			e.ptr, e.length = 0, 0
		default:
			if e.ptr > 0 {
				e.ptr += n
			}
		}
	}
	at := len(m.buf)
	m.line = line{detail: m.line.detail, start: at, above: at, fieldStart: at}
	m.copies.endLine()
	m.digits.add(m.buf, '\n')
	m.forecast.n, m.forecast.now, m.forecast.digits = 0, -1, 0
	m.quantity.on = false
	m.onTrack = false
	return nil
}
