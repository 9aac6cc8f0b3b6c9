package codec

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/lmz-go/lmz/codec/mix"
)

// MixCoder is the Coder of the method Mix. What it codes starts from a Primed state, or from nothing.
type MixCoder struct {
	coder *mix.Coder
	level int
}

// Primed is the state that coding a text with Mix leaves. It may be shared by coders that run concurrently.
type Primed struct {
	level int
	text  []byte // its end
	state *mix.Primed
}

// newMix makes a coder, or takes the one that the lane has: its tables are large.
func newMix(lane *Lane, p Params) (*MixCoder, error) {
	if p.Primed != nil && p.Primed.level != p.Level {
		return nil, fmt.Errorf("codec: primed state of level %d for level %d", p.Primed.level, p.Level)
	}
	c := lane.mix
	if c == nil || c.level != p.Level {
		coder, err := mix.New(p.Level)
		if err != nil {
			return nil, err
		}
		c = &MixCoder{coder: coder, level: p.Level}
		lane.mix = c
	}
	var state *mix.Primed
	if p.Primed != nil {
		state = p.Primed.state
	}
	c.coder.StartFrom(state)
	return c, nil
}

// Encode implements Coder.
func (c *MixCoder) Encode(dst, src []byte) ([]byte, error) { return c.coder.Encode(dst, src) }

// Decode implements Coder.
func (c *MixCoder) Decode(dst, src []byte, n int) ([]byte, error) {
	dst, err := c.coder.Decode(dst, src, n)
	if errors.Is(err, mix.ErrCorrupt) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return dst, err
}

// Primed is the state after text, which was coded last.
func (c *MixCoder) Primed(text []byte) *Primed {
	return &Primed{c.level, tail(text), c.coder.Snapshot()}
}

// primerTail is how much of a primer is kept for the windows of models.
const primerTail = 16 << 10

func tail(text []byte) []byte { return bytes.Clone(text[max(0, len(text)-primerTail):]) }

// Prime gives the state that coding text with Mix of this level leaves.
func Prime(level int, text []byte) (*Primed, error) {
	coder, err := mix.New(level)
	if err != nil {
		return nil, err
	}
	return &Primed{level, tail(text), coder.Prime(text)}, nil
}
