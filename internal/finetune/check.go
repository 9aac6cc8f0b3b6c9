package finetune

import (
	"context"
	"fmt"
	"math"

	"github.com/lmz-go/lmz/lm"
)

const (
	checked   = 4    // windows that Check evaluates
	tolerance = 0.02 // relative, and in nats per token: the kernel's arithmetic changes far less
)

// Check evaluates the best model, opened from its file as codecs open models, on some windows of
// what was held out. The error wraps ErrDiffers if they do not cost what they did in training.
func (r Result) Check(ctx context.Context, m lm.Model) error {
	got, want, n := 0.0, 0.0, 0
	for i, w := range r.check {
		nats, targets, err := cost(ctx, m, w)
		if err != nil {
			return err
		}
		got, want, n = got+nats, want+r.nats[i]*float64(targets), n+targets
	}
	got, want = got/float64(n), want/float64(n)
	if !(math.Abs(got-want) <= tolerance+tolerance*want) {
		return fmt.Errorf("%w: %.3f nats per token, in training %.3f", ErrDiffers, got, want)
	}
	return nil
}

// cost is what the model asks for the tokens of a window behind the first, in nats.
func cost(ctx context.Context, m lm.Model, window []int32) (sum float64, n int, err error) {
	s, err := m.NewSession(1, max(1, len(window)-1))
	if err != nil {
		return 0, 0, err
	}
	defer func() {
		if e := s.Close(); err == nil {
			err = e
		}
	}()
	token := TokensOf(m)
	for ; n+1 < len(window) && window[n+1] >= 0; n++ {
		if err := s.Decode(ctx, []lm.Feed{{Pos: n, Tokens: []int32{token(window[n])}}}); err != nil {
			return 0, 0, err
		}
		sum += Surprise(s.Logits(0).Nats(), token(window[n+1]))
	}
	return sum, n, nil
}

// Surprise is -log softmax(logits)[token]: what a token costs, in nats.
func Surprise(logits []float32, token int32) float64 {
	top := logits[0]
	for _, l := range logits {
		top = max(top, l)
	}
	sum := 0.0
	for _, l := range logits {
		sum += math.Exp(float64(l - top))
	}
	return math.Log(sum) - float64(logits[token]-top)
}
