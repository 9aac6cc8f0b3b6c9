// Package mix codes bytes by context mixing: a model of bit histories in many contexts predicts each bit, and an arithmetic
// coder spends what the prediction leaves open. It is made for logs: contexts and match models know lines, fields, tokens,
// numbers and times. All arithmetic is on integers, so the same input gives the same bytes on every platform.
//
// A payload depends on the level, the primer and the chunk, and on nothing else. docs/CODEC.md describes the model.
package mix

import (
	"errors"
	"fmt"
)

var (
	// ErrCorrupt reports a payload that Encode did not write with this level and primer.
	ErrCorrupt = errors.New("mix: corrupt payload")
	// ErrLevel reports a level that does not exist.
	ErrLevel = errors.New("mix: no such level")
)

// Coder codes chunks independently of each other. It belongs to one goroutine at a time.
type Coder struct {
	number  int // of the level
	model   *model
	advisor Advisor
	primed  *Primed // nil: chunks start from nothing
	fresh   bool    // model is as chunks start
}

// Primed is the state after a primer, from which any number of Coders start their chunks. It is read only.
type Primed struct{ model *model }

// New returns a Coder of a level from 1, the fastest, to 9, the smallest.
func New(level int) (*Coder, error) {
	if level < 1 || level >= len(levels) {
		return nil, fmt.Errorf("%w: %d is not in 1..%d", ErrLevel, level, len(levels)-1)
	}
	return &Coder{number: level}, nil
}

// Prime makes the state after primer the start of every later chunk, and the primer's bytes their history. What was primed
// before is forgotten.
func (c *Coder) Prime(primer []byte) *Primed {
	m := newModel(c.levelOf(isProse(primer)))
	m.reset()
	for _, b := range primer {
		m.see(b)
	}
	c.StartFrom(&Primed{m})
	return c.primed
}

// Snapshot is the state that coding the last chunk has left, the same as Prime of that chunk gives from the same start.
func (c *Coder) Snapshot() *Primed {
	m := newModel(c.model.level)
	m.copyFrom(c.model)
	return &Primed{m}
}

// StartFrom makes p, of the coder's own level, the start of every later chunk; nil: nothing.
func (c *Coder) StartFrom(p *Primed) {
	if p != c.primed {
		c.primed, c.fresh = p, false
	}
}

// Advise makes a, or nobody when a is nil, one more expert of the chunks to come. It is not asked about a primer.
func (c *Coder) Advise(a Advisor) { c.advisor = a }

// Memory is the size of a Coder's tables in bytes, the most that a chunk can need; a Primed takes as much again. Histories
// come on top.
func (c *Coder) Memory() int {
	return max(newModel(c.levelOf(false)).size(), newModel(c.levelOf(true)).size())
}

// levelOf is the Coder's level for prose or for anything else.
func (c *Coder) levelOf(prose bool) *level {
	if prose {
		return &proseLevels[c.number]
	}
	return &levels[c.number]
}

// start brings the model, of level lv, to the state that chunks start from.
func (c *Coder) start(lv *level) {
	if c.model == nil || c.model.level != lv {
		c.model, c.fresh = newModel(lv), false
	}
	if !c.fresh {
		if c.primed != nil {
			c.model.copyFrom(c.primed.model)
		} else {
			c.model.reset()
		}
	}
	c.model.advisor, c.fresh = c.advisor, false
	if c.advisor != nil {
		c.model.fusion.reset() // it is learnt by each chunk anew: a primer may have been learnt without advice
	}
}

// proseChance is the probability that a chunk that starts from nothing is prose, in units of 1/65536: logs pay nothing for it.
const proseChance = 256

// Encode appends the payload of the chunk src to dst.
func (c *Coder) Encode(dst, src []byte) ([]byte, error) {
	dst, _, err := c.EncodeBoth(dst, nil, src)
	return dst, err
}

// EncodeBoth is Encode, and appends to alone what Encode would give without the Advisor, if there is one.
func (c *Coder) EncodeBoth(dst, alone, src []byte) (withAdvice, without []byte, err error) {
	e, plain, both := newBitEncoder(dst), newBitEncoder(alone), c.advisor != nil
	if c.primed != nil {
		c.start(c.primed.model.level)
	} else {
		prose := c.number >= firstProseLevel && isProse(src)
		if c.number >= firstProseLevel {
			e.encode(flag(prose), proseChance)
			plain.encode(flag(prose), proseChance)
		}
		c.start(c.levelOf(prose))
	}
	m := c.model
	for _, b := range src {
		m.startByte()
		if m.guess.active {
			right := b == m.guess.byte
			e.encode(flag(right), m.guess.p)
			if both {
				plain.encode(flag(right), m.guess.p)
			}
			m.settle(right)
			if right {
				continue
			}
		}
		for i := 7; i >= 0; i-- {
			y := uint32(b>>i) & 1
			e.encode(y, m.p)
			if both {
				plain.encode(y, m.unadvised())
			}
			m.update(y)
		}
	}
	if both {
		alone = plain.finish()
	}
	return e.finish(), alone, nil
}

// Decode appends the n bytes of the chunk whose payload is src to dst, or returns an error that wraps ErrCorrupt. It
// allocates no more than it has decoded.
func (c *Coder) Decode(dst, src []byte, n int) ([]byte, error) {
	d := newBitDecoder(src)
	switch {
	case c.primed != nil:
		c.start(c.primed.model.level)
	case c.number >= firstProseLevel:
		c.start(c.levelOf(d.decode(proseChance) == 1))
	default:
		c.start(c.levelOf(false))
	}
	m := c.model
	for i := range n {
		m.startByte()
		guessed, right := m.guess.active, false
		if guessed {
			right = d.decode(m.guess.p) == 1
			m.settle(right)
		}
		for bit := 0; bit < 8 && !right; bit++ {
			m.update(d.decode(m.p))
		}
		if d.overrun() {
			return dst, fmt.Errorf("%w: it ends before byte %d of %d", ErrCorrupt, i, n)
		}
		b := m.buf[len(m.buf)-1]
		if guessed && !right && b == m.guess.byte {
			return dst, fmt.Errorf("%w: byte %d of %d is and is not the guess", ErrCorrupt, i, n)
		}
		dst = append(dst, b)
	}
	if !d.finished() {
		return dst, fmt.Errorf("%w: it does not end where %d bytes do", ErrCorrupt, n)
	}
	return dst, nil
}
