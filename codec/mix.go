package codec

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/lmz-go/lmz/codec/mix"
)

// MixCoder is the Coder of the method Mix. What it codes starts from a Primed state, or from nothing.
type MixCoder struct {
	coder   *mix.Coder
	level   int
	advisor *advisor // nil without a model
	asks    bool     // the advisor, about this chunk
	primer  []byte
	alone   []byte // see Alone
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
	if lane.Model() != nil && (c.advisor == nil || c.advisor.policy != p.Window) {
		a, err := newAdvisor(lane, p.Window, modelPrice(p.Level))
		if err != nil {
			return nil, err
		}
		c.advisor = a
	}
	if c.asks = c.advisor != nil && !p.Alone; c.asks {
		c.coder.Advise(c.advisor)
	} else {
		c.coder.Advise(nil)
	}
	c.primer = nil
	var state *mix.Primed
	if p.Primed != nil {
		state, c.primer = p.Primed.state, p.Primed.text
	}
	c.coder.StartFrom(state)
	return c, nil
}

// Encode implements Coder.
func (c *MixCoder) Encode(dst, src []byte) ([]byte, error) {
	if !c.asks {
		return c.coder.Encode(dst, src)
	}
	c.advisor.start(c.primer)
	dst, alone, err := c.coder.EncodeBoth(dst, c.alone[:0], src)
	c.alone = alone
	if c.advisor.err != nil {
		return dst, c.advisor.err
	}
	return dst, err
}

// Decode implements Coder.
func (c *MixCoder) Decode(dst, src []byte, n int) ([]byte, error) {
	if c.asks {
		c.advisor.start(c.primer)
	}
	dst, err := c.coder.Decode(dst, src, n)
	if c.asks && c.advisor.err != nil {
		return dst, c.advisor.err
	}
	if errors.Is(err, mix.ErrCorrupt) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return dst, err
}

// Saved is by how many bits the last chunk that was encoded is shorter for the model.
func (c *MixCoder) Saved() int64 {
	if !c.asks {
		return 0
	}
	return c.advisor.total >> 12
}

// Alone is the payload that the last chunk would have had without the model, if that was asked: valid until the next Encode.
func (c *MixCoder) Alone() []byte {
	if !c.asks {
		return nil
	}
	return c.alone
}

// Primed is the state after text, which was coded last.
func (c *MixCoder) Primed(text []byte) *Primed {
	return &Primed{c.level, tail(text), c.coder.Snapshot()}
}

// modelPrice is what a model step must save at a level to be worth its time, in bits/4096.
func modelPrice(level int) int64 {
	shares := [...]int64{4: 256, 5: 192, 6: 128, 7: 32, 8: 8, 9: 1} // in 1/32 of a bit
	return shares[max(4, level)] << 7
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
