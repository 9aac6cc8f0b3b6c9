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
	model  *model
	primed *Primed // nil: chunks start from nothing
	fresh  bool    // model is as chunks start
}

// Primed is the state after a primer, from which any number of Coders start their chunks. It is read only.
type Primed struct{ model *model }

// New returns a Coder of a level from 1, the fastest, to 9, the smallest.
func New(level int) (*Coder, error) {
	if level < 1 || level >= len(levels) {
		return nil, fmt.Errorf("%w: %d is not in 1..%d", ErrLevel, level, len(levels)-1)
	}
	return &Coder{model: newModel(&levels[level])}, nil
}

// NewPrimed returns a Coder whose chunks start from p, with p's level.
func NewPrimed(p *Primed) *Coder {
	return &Coder{model: newModel(p.model.level), primed: p}
}

// Prime makes the state after primer the start of every later chunk, and the primer's bytes their history. What was primed
// before is forgotten.
func (c *Coder) Prime(primer []byte) *Primed {
	m := newModel(c.model.level)
	m.reset()
	for _, b := range primer {
		m.see(b)
	}
	c.primed, c.fresh = &Primed{m}, false
	return c.primed
}

// Advise makes a, or nobody when a is nil, one more expert of the chunks to come. It is not asked about a primer.
func (c *Coder) Advise(a Advisor) { c.model.advisor = a }

// Memory is the size of a Coder's tables in bytes; a Primed takes as much again. Histories come on top.
func (c *Coder) Memory() int { return c.model.size() }

// start brings the model to the state that chunks start from.
func (c *Coder) start() {
	if !c.fresh {
		if c.primed != nil {
			c.model.copyFrom(c.primed.model)
		} else {
			c.model.reset()
		}
	}
	c.fresh = false
}

// Encode appends the payload of the chunk src to dst.
func (c *Coder) Encode(dst, src []byte) ([]byte, error) {
	c.start()
	e, m := newBitEncoder(dst), c.model
	for _, b := range src {
		m.startByte()
		if m.guess.active {
			right := b == m.guess.byte
			e.encode(flag(right), m.guess.p)
			m.settle(right)
			if right {
				continue
			}
		}
		for i := 7; i >= 0; i-- {
			y := uint32(b>>i) & 1
			e.encode(y, m.p)
			m.update(y)
		}
	}
	return e.finish(), nil
}

// Decode appends the n bytes of the chunk whose payload is src to dst, or returns an error that wraps ErrCorrupt. It
// allocates no more than it has decoded.
func (c *Coder) Decode(dst, src []byte, n int) ([]byte, error) {
	c.start()
	d, m := newBitDecoder(src), c.model
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
