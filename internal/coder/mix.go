package coder

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/lmz-go/lmz/internal/bwt"
	"github.com/lmz-go/lmz/internal/mix"
)

// MixCoder is the Coder of the method Mix. What it codes starts from a Primed state, or from
// nothing. Coders of a lane share its tables, but nothing else.
type MixCoder struct {
	lane    *Lane
	params  mix.Params
	text    []byte   // the end of what chunks start from
	advisor *advisor // nil without a model
	saved   int64    // in bits/4096
	alone   []byte   // see Alone
}

// Primed is the state that coding a text with Mix leaves. It may be shared by coders that run
// concurrently.
type Primed struct {
	level int
	text  []byte // its end
	state *mix.Primed
}

// Size is the memory that the state takes in bytes.
func (p *Primed) Size() int { return p.state.Size() + cap(p.text) }

func newMix(lane *Lane, p Params) (*MixCoder, error) {
	c := &MixCoder{lane: lane, params: mix.Params{Level: p.Level, Later: p.Later, Watch: p.Watch, Without: p.Without, Enough: p.Enough}}
	if p.Primed != nil {
		if p.Primed.level != p.Level {
			return nil, fmt.Errorf("primed state of level %d for level %d", p.Primed.level, p.Level)
		}
		c.params.Primed, c.text = p.Primed.state, p.Primed.text
	}
	if lane.Model() != nil && !p.Alone {
		worth := priceOf(p.Level)
		if p.Price > 0 {
			worth = price{p.Price << 7, p.Price << 7}
		}
		a, err := lane.advisorFor(p.Window, worth)
		if err != nil {
			return nil, err
		}
		c.advisor, c.params.Advisor = a, a
	}
	return c, nil
}

// begin prepares the lane for a chunk.
func (c *MixCoder) begin() {
	c.lane.worker.bwt = bwt.Coder{}
	c.lane.mixed, c.saved, c.alone = nil, 0, c.alone[:0]
	if c.advisor != nil {
		c.advisor.start(c.text)
	}
}

// end is what a chunk ends with, whose coding returned err.
func (c *MixCoder) end(err error) error {
	if c.advisor != nil {
		if c.advisor.err != nil {
			return c.advisor.err
		}
		c.saved = c.advisor.total
	}
	if errors.Is(err, mix.ErrCorrupt) {
		err = corruptError{err}
	}
	if err == nil {
		c.lane.mixed = c
	}
	return err
}

// Encode implements Coder.
func (c *MixCoder) Encode(dst, src []byte) (out []byte, err error) {
	c.begin()
	out, c.alone, err = c.lane.mix.EncodeBoth(c.lane.Context(), c.params, dst, c.alone, src)
	return out, c.end(err)
}

// Decode implements Coder.
func (c *MixCoder) Decode(dst, src []byte, n int) ([]byte, error) {
	c.begin()
	out, err := c.lane.mix.Decode(c.lane.Context(), c.params, dst, src, n)
	err = c.end(err)
	if len(out) < len(dst)+n {
		c.lane.mixed = nil // nothing starts from here
	}
	return out, err
}

// Saved is by how many bits the last chunk that was encoded is shorter for the model.
func (c *MixCoder) Saved() int64 { return c.saved >> 12 }

// Alone is the payload that the last chunk would have had without the model, if that was asked:
// valid until the next Encode.
func (c *MixCoder) Alone() []byte {
	if c.advisor == nil {
		return nil
	}
	return c.alone
}

// Primed is the state after text, which the coder has coded last: no other coder of the lane may
// have coded since. It is nil if the chunk was not coded for others to start from it. It can be had
// once, since it takes the tables.
func (c *MixCoder) Primed(text []byte) (*Primed, error) {
	if c.lane.mixed != c {
		return nil, errOvertaken
	}
	if !c.lane.mix.Primes() {
		return nil, nil
	}
	c.lane.mixed = nil
	return &Primed{c.params.Level, tail(text), c.lane.mix.Take()}, nil
}

// primerTail is how much of a primer is kept for the windows of models.
const primerTail = 16 << 10

func tail(text []byte) []byte { return bytes.Clone(text[max(0, len(text)-primerTail):]) }

// Prime gives the state that coding text with Mix of this level leaves, for chunks of up to later
// bytes. It returns the cause of ctx's end.
func Prime(ctx context.Context, level, later int, text []byte) (*Primed, error) {
	state, err := mix.Prime(ctx, level, later, text)
	if err != nil {
		return nil, err
	}
	return &Primed{level, tail(text), state}, nil
}
