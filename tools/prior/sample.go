package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/lmz-go/lmz/lm"
)

const (
	lanes   = 32
	window  = 512
	longest = 240 // tokens of a sample behind its opening
	likely  = 40  // a token is one of this many
)

// sampler draws texts from a model.
type sampler struct {
	model       lm.Model
	session     lm.Session
	random      *rand.Rand
	temperature float64
}

// draw is what the model goes on with after each opening, openings included: one for each of up to
// lanes openings.
func (s *sampler) draw(ctx context.Context, openings []string) ([][]byte, error) {
	pieces := s.model.Pieces()
	texts, feeds := make([][]byte, len(openings)), make([]lm.Feed, len(openings))
	for i, o := range openings {
		tokens, err := s.model.Tokenize([]byte(o))
		if err != nil {
			return nil, err
		}
		texts[i] = []byte(o)
		feeds[i] = lm.Feed{Lane: i, Tokens: append([]int32{s.model.BOS()}, tokens...)}
	}
	for range longest {
		if err := s.session.Decode(ctx, feeds); err != nil {
			return nil, err
		}
		for i := range feeds {
			t := s.choose(s.session.Logits(i))
			texts[i] = append(texts[i], pieces[t]...)
			feeds[i] = lm.Feed{Lane: i, Pos: feeds[i].Pos + len(feeds[i].Tokens), Tokens: []int32{t}}
		}
	}
	return texts, nil
}

// choose draws one of the likely tokens.
func (s *sampler) choose(logits []float32) int32 {
	best := make([]int32, 0, likely+1)
	for t, v := range logits {
		if len(best) == likely && v <= logits[best[likely-1]] {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, v, func(b int32, v float32) int {
			if logits[b] >= v {
				return -1
			}
			return 1
		})
		best = slices.Insert(best, at, int32(t))[:min(len(best)+1, likely)]
	}
	sum, share := 0.0, make([]float64, len(best))
	for i, t := range best {
		share[i] = math.Exp(float64(logits[t]-logits[best[0]]) / s.temperature)
		sum += share[i]
	}
	u := s.random.Float64() * sum
	for i, t := range best {
		if u -= share[i]; u < 0 {
			return t
		}
	}
	return best[0]
}
