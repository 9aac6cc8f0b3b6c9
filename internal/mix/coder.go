// Package mix codes bytes by context mixing: a model of bit histories in many contexts predicts
// each bit, and an arithmetic coder spends what the prediction leaves open. It is made for logs:
// contexts and match models know lines, fields, tokens, numbers and times. All arithmetic is on
// integers, so the same input gives the same bytes on every platform.
//
// A payload depends on the chunk and its Params, and on nothing else. docs/CODEC.md describes the
// model.
package mix

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lmz-go/lmz/internal/progress"
)

var (
	// ErrCorrupt reports a payload that Encode did not write with these Params.
	ErrCorrupt = errors.New("payload is corrupt")
	// ErrLevel reports a level that does not exist.
	ErrLevel = errors.New("mix: no such level")
)

// Params are what encoder and decoder of a chunk must agree on.
type Params struct {
	Level   int     // from 1, the fastest, to 9, the smallest
	Primed  *Primed // of the same level: the state that the chunk starts from; nil: from nothing
	Advisor Advisor // one more expert; may be nil
	Watch   Watch   // told what each byte costs while decoding; nil: nobody
	Without Parts   // left out of what starts from nothing, for measurements

	// Enough is told, every thousand bytes or so, of what is decoded so far, and ends decoding when
	// it says so; nil: it goes on to the end. What it is told of stays as it is.
	Enough func(decoded []byte) bool

	// Later is the most bytes of a chunk that starts from the state after this one: the tables are
	// made large enough for them. 0: there will be none. A decoder may give it for a chunk that was
	// coded with 0, but not the other way round.
	Later int
}

// Coder codes chunks, one after the other and independently of each other. It keeps the memory of
// its tables from chunk to chunk, and belongs to one goroutine at a time. The zero value is ready.
type Coder struct {
	model  model
	primes bool // the last chunk said that others start from it
}

// Primed is the state after a text, from which any number of Coders start chunks. It is read only.
type Primed struct{ model *model }

// Prime is the state after text, for chunks of up to later bytes. The Advisor is not asked. It
// returns ErrLevel, or the cause of ctx's end.
func Prime(ctx context.Context, level, later int, text []byte) (*Primed, error) {
	if err := checkLevel(level); err != nil {
		return nil, err
	}
	m := new(model)
	k := kindFor(level, false, int64(len(text))+int64(later), false)
	k.choose(lettersOf(ctx, text), uncoded)
	if err := m.reset(ctx, k); err != nil {
		return nil, err
	}
	if err := m.learn(ctx, text); err != nil {
		return nil, err
	}
	return &Primed{m}, nil
}

// Take gives the state that coding the last chunk has left, which must have succeeded: the same as
// Prime of that chunk gives if it started from nothing and had the same Later. It takes the Coder's
// memory with it.
func (c *Coder) Take() *Primed {
	m := new(model)
	*m, c.model = c.model, model{}
	m.advisor = nil
	return &Primed{m}
}

// Primes says whether the last chunk was coded for others to start from it: with Later, and from
// nothing.
func (c *Coder) Primes() bool { return c.primes }

// Size is the memory that the state takes in bytes, with the text.
func (p *Primed) Size() int { return p.model.held() + cap(p.model.buf) }

// Size is the memory that the Coder holds in bytes: the most that any chunk needed, with its
// history.
func (c *Coder) Size() int { return c.model.held() + cap(c.model.buf) }

func checkLevel(level int) error {
	if level < 0 || level >= len(levels) {
		return fmt.Errorf("%w: %d is not in 0..%d", ErrLevel, level, len(levels)-1)
	}
	return nil
}

// start brings the model to the state that a chunk of n bytes starts from. What sort it is of, by
// its letters, and primes are coded if it starts from nothing.
func (c *Coder) start(ctx context.Context, p *Params, n int, text letters, primes bool, code bitCoder) error {
	m := &c.model
	m.advisor, c.primes = nil, false
	if p.Primed != nil {
		if got := p.Primed.model.kind.number; got != p.Level {
			return fmt.Errorf("mix: primed state of level %d for level %d", got, p.Level)
		}
		if err := m.copyFrom(ctx, p.Primed.model); err != nil {
			return err
		}
	} else {
		primes = code(flag(primes), rareChance) == 1
		if primes && p.Later == 0 {
			return fmt.Errorf("%w: tables for chunks to come, of which there are none", ErrCorrupt)
		}
		c.primes = primes
		size := int64(n)
		if primes {
			size += int64(p.Later)
		}
		k := kindFor(p.Level, false, size, !primes)
		k.without = p.Without
		k.choose(text, code)
		if err := m.reset(ctx, k); err != nil {
			return err
		}
	}
	if m.advisor = p.Advisor; m.advisor != nil {
		m.fusion.reset() // each chunk learns it: a primer may have had no advice
	}
	return nil
}

// rareChance is the probability that a chunk that starts from nothing is prose or foreign, that it is
// foreign then, and that others start from it, in units of 1/65536: others pay nothing for it.
const rareChance = 256

// pollEvery is how many bytes are coded between two looks at the context: at most a few
// milliseconds.
const pollEvery = 1024

// Encode appends the payload of the chunk src to dst. It returns ErrLevel, or the cause of ctx's
// end.
func (c *Coder) Encode(ctx context.Context, p Params, dst, src []byte) ([]byte, error) {
	dst, _, err := c.EncodeBoth(ctx, p, dst, nil, src)
	return dst, err
}

// EncodeBoth is Encode, and appends to alone what Encode would give without the Advisor, if there
// is one.
func (c *Coder) EncodeBoth(ctx context.Context, p Params, dst, alone, src []byte) (withAdvice, without []byte, err error) {
	if err := checkLevel(p.Level); err != nil {
		return dst, alone, err
	}
	e, plain := newBitEncoder(dst), newBitEncoder(alone)
	if p.Advisor == nil {
		plain.off = true
	}
	both := func(y, q uint32) uint32 {
		e.encode(y, q)
		plain.encode(y, q)
		return y
	}
	var text letters
	if p.Primed == nil { // else nobody asks
		text = lettersOf(ctx, src)
	}
	if err := c.start(ctx, &p, len(src), text, p.Later > 0, both); err != nil {
		return dst, alone, err
	}
	if err := c.model.encode(ctx, src, &e, &plain); err != nil {
		return dst, alone, err
	}
	if !plain.off {
		alone = plain.finish()
	}
	return e.finish(), alone, nil
}

// learn is encode without a payload.
func (m *model) learn(ctx context.Context, text []byte) error {
	off := bitEncoder{off: true}
	return m.encode(ctx, text, &off, &off)
}

// encode codes src, to plain with the probabilities that there are without advice.
func (m *model) encode(ctx context.Context, src []byte, e, plain *bitEncoder) error {
	m.buf = room(m.buf, len(src), len(src))
	for i, poll, told := 0, 0, 0; i < len(src); {
		if i >= poll {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if !e.off { // else nothing is coded
				progress.Tell(ctx, told, i, len(src))
				told = i
			}
			poll = i + pollEvery
		}
		if left := len(src) - i; m.asksRun(left) {
			n := m.runLength(ctx, src[i:])
			if ctx.Err() != nil { // n may be too small
				return context.Cause(ctx)
			}
			m.run.codeRun(func(y, p uint32) uint32 {
				e.encode(y, p)
				plain.encode(y, p)
				return y
			}, n, left)
			if n > 0 {
				if err := m.repeat(ctx, n, n == left); err != nil {
					return err
				}
				if i += n; i == len(src) {
					break
				}
			}
		}
		i += m.encodeNext(src[i:], e, plain)
	}
	return nil
}

// encodeNext codes the stretch that the rest of the chunk begins with, or the byte, and gives its
// length.
func (m *model) encodeNext(rest []byte, e, plain *bitEncoder) int {
	if text := m.startStretch(len(rest)); text != nil {
		right := bytes.Equal(text, rest[:len(text)])
		e.encode(flag(right), m.stretch.guess.p)
		plain.encode(flag(right), m.stretch.guess.p)
		if m.settleStretch(right); right {
			return len(text)
		}
	}
	b := rest[0]
	m.startByte()
	if m.guess.active {
		right := b == m.guess.byte
		e.encode(flag(right), m.guess.p)
		plain.encode(flag(right), m.guess.p)
		if m.settle(right); right {
			return 1
		}
	}
	for j := 7; j >= 0; j-- {
		y := uint32(b>>j) & 1
		e.encode(y, m.p)
		if !plain.off {
			plain.encode(y, m.unadvised())
		}
		m.update(y)
	}
	return 1
}

// Decode appends the n bytes of the chunk whose payload is src to dst, or returns an error that
// wraps ErrCorrupt, ErrLevel, or the cause of ctx's end. It allocates no more than it has decoded.
// Where Enough ends it, it appends fewer bytes, and cannot tell whether src is a payload.
func (c *Coder) Decode(ctx context.Context, p Params, dst, src []byte, n int) ([]byte, error) {
	if err := checkLevel(p.Level); err != nil {
		return dst, err
	}
	d, m, before := newBitDecoder(src), &c.model, len(dst)
	watch := newWatcher(&p, m, &d)
	code := func(_, q uint32) uint32 { return d.decode(q) }
	if err := c.start(ctx, &p, n, letters{}, false, code); err != nil {
		return dst, err
	}
	watch.begin()
	m.run.owed = 0
	for i, poll, told := 0, 0, 0; i < n; {
		if i >= poll {
			if ctx.Err() != nil {
				return dst, context.Cause(ctx)
			}
			progress.Tell(ctx, told, i, n)
			if p.Enough != nil && p.Enough(dst[before:]) {
				return dst, nil
			}
			told = i
			poll = i + pollEvery
			dst, m.buf = room(dst, pollEvery+maxStretch, n-i), room(m.buf, pollEvery+maxStretch, n-i)
		}
		if left := n - i; m.asksRun(left) {
			watch.settle()
			run := m.run.codeRun(code, 0, left)
			if run < 0 || d.overrun() {
				return dst, fmt.Errorf("%w: run at byte %d of %d", ErrCorrupt, i, n)
			}
			m.run.owed = runUnit
			if run > 0 {
				if err := m.repeat(ctx, run, run == left); err != nil {
					return dst, err
				}
				dst = room(dst, run, n-i)
				for part := range slices.Chunk(m.buf[len(m.buf)-run:], clearedAtOnce) {
					if ctx.Err() != nil {
						return dst, context.Cause(ctx)
					}
					dst = append(dst, part...)
				}
				if i += run; i == n {
					m.run.owed = 0
					break
				}
			}
		}
		if watch != nil {
			watch.look()
		}
		long := m.cursor.experts[longMatch].ptr
		text, consistent := m.decodeNext(n-i, &d)
		if !consistent {
			return dst, fmt.Errorf("%w: byte %d of %d is and is not the guess", ErrCorrupt, i, n)
		}
		if d.overrun() {
			return dst, fmt.Errorf("%w: it ends before byte %d of %d", ErrCorrupt, i, n)
		}
		dst = append(dst, text...)
		i += len(text)
		switch {
		case long == 0 || !bytes.Equal(m.buf[long:long+len(text)], text):
			m.run.owed = 0
		case m.run.owed > 0:
			if m.run.owed -= len(text); m.run.owed <= 0 {
				return dst, fmt.Errorf("%w: bytes before byte %d of %d are and are not a run", ErrCorrupt, i, n)
			}
		}
	}
	if m.run.owed > 0 {
		return dst, fmt.Errorf("%w: a run goes on to the end of %d bytes, and does not", ErrCorrupt, n)
	}
	if !d.finished() {
		return dst, fmt.Errorf("%w: it does not end where %d bytes do", ErrCorrupt, n)
	}
	watch.end()
	return dst, nil
}

// decodeNext is what the encoder gave to encodeNext where there are left bytes of the chunk, and
// whether it can have coded it that way.
func (m *model) decodeNext(left int, d *bitDecoder) (text []byte, consistent bool) {
	if text := m.startStretch(left); text != nil {
		right := d.decode(m.stretch.guess.p) == 1
		if m.settleStretch(right); right {
			return text, true
		}
	}
	m.startByte()
	guessed := m.guess.active
	if guessed {
		right := d.decode(m.guess.p) == 1
		if m.settle(right); right {
			return m.buf[len(m.buf)-1:], !m.stretch.denied
		}
	}
	for range 8 {
		m.update(d.decode(m.p))
	}
	text = m.buf[len(m.buf)-1:]
	return text, !m.stretch.denied && !(guessed && text[0] == m.guess.byte)
}

// room makes room for n more bytes behind s, of most that will come in all. It doubles the room,
// but never beyond what is needed: append would leave four times as much behind to be collected,
// and nearly twice as much unused.
func room(s []byte, n, most int) []byte {
	if cap(s)-len(s) >= min(n, most) {
		return s
	}
	grown := make([]byte, len(s), len(s)+min(most, max(n, len(s), 16<<10)))
	copy(grown, s)
	return grown
}
