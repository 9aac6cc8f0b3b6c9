package coder

import (
	"fmt"

	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/internal/progress"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// tokenCoder is a method that codes the tokens of the chunk, one after the other, each by what the
// model expects.
type tokenCoder struct {
	lane    *Lane
	vocab   *Vocabulary
	policy  kvcache.Policy
	symbols tokenSymbols
	tokens  []int32
	watch   mix.Watch // nil: nobody watches
}

// tokenSymbols is how a tokenCoder codes a token whose distribution is known.
type tokenSymbols interface {
	// begin begins a payload that is appended to dst, and end ends it.
	begin(dst []byte)
	encode(cdf *CDF, token int32)
	end() ([]byte, error)

	// open begins reading a payload, and close returns ErrCorrupt unless it ends with the token
	// that was read last, as an encoder would have ended it.
	open(src []byte) error
	decode(cdf *CDF) (int32, error)
	close() error
}

// meter is tokenSymbols that can say what the tokens read so far have cost, in bits.
type meter interface{ spent() float64 }

func newTokenCoder(lane *Lane, p Params, symbols func(*Vocabulary) tokenSymbols) (*tokenCoder, error) {
	vocab, err := lane.Vocabulary()
	if err != nil {
		return nil, err
	}
	if err := p.Window.Validate(); err != nil {
		return nil, err
	}
	return &tokenCoder{lane: lane, vocab: vocab, policy: p.Window, symbols: symbols(vocab), watch: p.Watch}, nil
}

func (c *tokenCoder) Encode(dst, src []byte) ([]byte, error) {
	if len(src) == 0 {
		return dst, nil
	}
	base, n, done := len(dst), len(src), 0
	c.symbols.begin(dst)
	defer c.weigh()()
	row, err := c.lane.Start(c.policy, nil)
	for err == nil {
		c.tokens, src, err = c.vocab.AppendTokens(c.tokens[:0], src)
		if err != nil {
			break
		}
		for i, token := range c.tokens {
			if err = c.encode(row, token); err != nil {
				break
			}
			if i+1 == len(c.tokens) && len(src) == 0 {
				out, err := c.symbols.end()
				if err != nil {
					return dst[:base], err
				}
				return out, nil
			}
			before := done
			done += len(c.vocab.pieces[token])
			progress.Tell(c.lane.Context(), before, done, n)
			if row, err = c.lane.Predict(token); err != nil {
				break
			}
		}
	}
	return dst[:base], err
}

func (c *tokenCoder) Decode(dst, src []byte, n int) ([]byte, error) {
	base := len(dst)
	if n == 0 {
		if len(src) != 0 {
			return dst, fmt.Errorf("%w: payload for no bytes", ErrCorrupt)
		}
		return dst, nil
	}
	if err := c.symbols.open(src); err != nil {
		return dst, err
	}
	defer c.weigh()()
	row, err := c.lane.Start(c.policy, nil)
	var charged float64
	for err == nil {
		var token int32
		if token, err = c.decode(row); err != nil {
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
			if err = c.symbols.close(); err != nil {
				break
			}
			return dst, nil
		}
		progress.Tell(c.lane.Context(), len(dst)-base-len(piece), len(dst)-base, n)
		row, err = c.lane.Predict(token)
	}
	return dst[:base], err
}

func (c *tokenCoder) encode(row lm.Row, token int32) error {
	if row.Sums != nil {
		return c.encodeWeighed(row.Sums, token)
	}
	cdf := &c.lane.worker.cdf
	if err := cdf.setRow(row); err != nil {
		return err
	}
	c.symbols.encode(cdf, token)
	c.spend(uint64(cdf.weights[token]), cdf.Total())
	return nil
}

func (c *tokenCoder) decode(row lm.Row) (int32, error) {
	if row.Sums != nil {
		return c.decodeWeighed(row.Sums)
	}
	cdf := &c.lane.worker.cdf
	if err := cdf.setRow(row); err != nil { // an encoder would have taken another method
		return 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	token, err := c.symbols.decode(cdf)
	if err == nil {
		c.spend(uint64(cdf.weights[token]), cdf.Total())
	}
	return token, err
}

// spend counts what the token costs by the model, however it is coded.
func (c *tokenCoder) spend(freq, total uint64) {
	if c.policy.Reset == kvcache.EqualInfo {
		c.lane.Spend(cost(freq, total))
	}
}

// charge tells what a token has cost, for which each of its bytes is charged the same, and gives
// the bits charged up to it, which were before.
func (c *tokenCoder) charge(piece []byte, before float64) float64 {
	m, ok := c.symbols.(meter)
	if !ok {
		return before
	}
	charged := m.spent()
	costs := make([]mix.Cost, len(piece))
	for i := range costs {
		costs[i] = mix.Cost{Bits: float32((charged - before) / float64(len(piece))), Winner: mix.Model}
	}
	c.watch(piece, costs)
	return charged
}
