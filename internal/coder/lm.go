package coder

import (
	"fmt"
	"math"

	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/kvcache"
)

// tokenCoder is the method lm: it codes the tokens of the chunk with the model's distributions.
type tokenCoder struct {
	lane   *Lane
	vocab  *Vocabulary
	policy kvcache.Policy
	tokens []int32
	enc    RangeEncoder
	dec    RangeDecoder
	watch  mix.Watch // nil: nobody watches
}

func newLM(lane *Lane, p Params) (*tokenCoder, error) {
	vocab, err := lane.Vocabulary()
	if err != nil {
		return nil, err
	}
	if err := p.Window.Validate(); err != nil {
		return nil, err
	}
	return &tokenCoder{lane: lane, vocab: vocab, policy: p.Window, watch: p.Watch}, nil
}

func (c *tokenCoder) Encode(dst, src []byte) ([]byte, error) {
	if len(src) == 0 {
		return dst, nil
	}
	base := len(dst)
	c.enc.Reset(dst)
	logits, err := c.lane.Start(c.policy, nil)
	for err == nil {
		c.tokens, src, err = c.vocab.AppendTokens(c.tokens[:0], src)
		if err != nil {
			break
		}
		for i, token := range c.tokens {
			if err = c.encode(logits, token); err != nil {
				break
			}
			if i+1 == len(c.tokens) && len(src) == 0 {
				return c.enc.Flush(), nil
			}
			if logits, err = c.lane.Predict(token); err != nil {
				break
			}
		}
	}
	return dst[:base], err
}

func (c *tokenCoder) encode(logits Row, token int32) error {
	cdf := &c.lane.worker.cdf
	if err := cdf.setRow(logits); err != nil {
		return err
	}
	cum, freq := cdf.Symbol(int(token))
	c.enc.Encode(cum, freq, cdf.Total())
	c.spend(freq, cdf.Total())
	return nil
}

func (c *tokenCoder) Decode(dst, src []byte, n int) ([]byte, error) {
	base := len(dst)
	if n == 0 {
		if len(src) != 0 {
			return dst, fmt.Errorf("%w: payload for no bytes", ErrCorrupt)
		}
		return dst, nil
	}
	if err := c.dec.Reset(src); err != nil {
		return dst, err
	}
	logits, err := c.lane.Start(c.policy, nil)
	charged := 0.0
	for err == nil {
		var token int32
		if token, err = c.decode(logits); err != nil {
			break
		}
		piece := c.vocab.pieces[token]
		if len(piece) == 0 || len(piece) > n-(len(dst)-base) {
			err = fmt.Errorf("%w: token %d at byte %d of %d", ErrCorrupt, token, len(dst)-base, n)
			break
		}
		if dst = append(dst, piece...); c.watch != nil {
			charged = c.charge(piece, charged)
		}
		if len(dst)-base == n {
			if err = c.dec.Close(); err != nil {
				break
			}
			return dst, nil
		}
		logits, err = c.lane.Predict(token)
	}
	return dst[:base], err
}

func (c *tokenCoder) decode(logits Row) (int32, error) {
	cdf := &c.lane.worker.cdf
	if err := cdf.setRow(logits); err != nil { // an encoder would have taken another method
		return 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	token, cum, freq := cdf.Find(c.dec.Target(cdf.Total()))
	c.spend(freq, cdf.Total())
	return int32(token), c.dec.Consume(cum, freq, cdf.Total())
}

func (c *tokenCoder) spend(freq, total uint64) {
	if c.policy.Reset == kvcache.EqualInfo {
		c.lane.Spend(cost(freq, total))
	}
}

// charge tells what a token has cost, for which each of its bytes is charged the same, and gives
// the bits charged up to it, which were before: those that the decoder's interval has lost.
func (c *tokenCoder) charge(piece []byte, before float64) float64 {
	charged := 8*float64(c.dec.shifts) + 64 - math.Log2(float64(c.dec.width))
	costs := make([]mix.Cost, len(piece))
	for i := range costs {
		costs[i] = mix.Cost{Bits: float32((charged - before) / float64(len(piece))), Winner: mix.Model}
	}
	c.watch(piece, costs)
	return charged
}
