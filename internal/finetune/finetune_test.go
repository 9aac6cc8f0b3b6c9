//go:build cgo

package finetune

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lmz-go/lmz/internal/train"
)

// tiny is a model of 64 tokens that knows nothing.
func tiny(t *testing.T) *train.Model {
	t.Helper()
	m, err := train.New(train.Config{Vocab: 64, Width: 32, Layers: 1, Heads: 1, KVHeads: 1, FFN: 32, Context: 32}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// words is a text in which each token tells the next one, but at the ends of words.
func words(n int) *Corpus {
	random := rand.New(rand.NewPCG(1, 2))
	c := &Corpus{pieces: make([][]byte, 64), train: make([][]int32, 1), held: make([][]int32, 1)}
	for i := range c.pieces {
		c.pieces[i] = []byte{byte(i)}
	}
	text := func(n int) (tokens []int32) {
		for len(tokens) < n {
			tokens = append(tokens, counting(1+8*random.IntN(7), 8)...)
		}
		return tokens
	}
	c.train[0], c.held[0] = text(n), text(n/4)
	return c
}

// options train quickly, on one thread of the kernel that every machine has.
func options(o Options) Options {
	o.Threads, o.Kernel, o.MuonRate, o.AdamRate = 1, "portable", 0.02, 0.02
	if o.Best == nil {
		o.Best = func([]byte) error { return nil }
	}
	return o
}

func TestRun(t *testing.T) {
	var files [][]byte
	run := func(seed uint64) Result {
		m, c := tiny(t), words(4000)
		var best []byte
		shown := 0
		r, err := Run(t.Context(), m, c, options(Options{Steps: 40, Seed: seed,
			Best: func(file []byte) error {
				best = file
				return nil
			},
			Progress: func(p Progress) {
				if shown++; p.Steps != shown || p.Share < 0 || p.Share > 1 || p.Tokens == 0 || !(p.Loss > 0) {
					t.Errorf("progress %+v at step %d", p, shown)
				}
			},
		}))
		if err != nil {
			t.Fatal(err)
		}
		if r.Steps != 40 || shown != 40 || r.Stopped || r.Kernel != "portable" || r.Passes < 2 {
			t.Errorf("%+v", r)
		}
		if !(r.After < 0.7*r.Before) || r.Before < 5 || r.Before > 7 { // 64 tokens of one byte
			t.Errorf("%f bits per byte became %f", r.Before, r.After)
		}
		// The result is what was evaluated, and predicts as well when it is read again.
		again, err := train.Read(bytes.NewReader(best), int64(len(best)))
		if err != nil {
			t.Fatal(err)
		}
		if next, _ := Run(t.Context(), again, c, options(Options{Steps: 1})); next.Before != r.After {
			t.Errorf("%f bits per byte, and %f in the file", r.After, next.Before)
		}
		files = append(files, best)
		return r
	}
	first := run(1)
	same := run(1)
	run(2)
	if first.After != same.After || !bytes.Equal(files[0], files[1]) {
		t.Error("the same seed gave another model")
	}
	if bytes.Equal(files[0], files[2]) {
		t.Error("another seed gave the same model")
	}
}

func TestRunEndsInTime(t *testing.T) {
	r, err := Run(t.Context(), tiny(t), words(4000), options(Options{Time: 300 * time.Millisecond}))
	if err != nil && !errors.Is(err, ErrNoBetter) || r.Stopped || r.Steps == 0 || r.Elapsed < 300*time.Millisecond && r.Passes < maxPasses {
		t.Errorf("%+v, %v", r, err)
	}
	// However much time there is, a text is not learned by heart.
	r, err = Run(t.Context(), tiny(t), words(3000), options(Options{Time: time.Hour}))
	if err != nil || r.Passes < maxPasses || r.Passes > maxPasses+1 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := Run(ctx, tiny(t), words(4000), options(Options{Steps: 1 << 30, Progress: func(p Progress) {
		if p.Steps == 30 {
			cancel()
		}
	}}))
	if err != nil || !r.Stopped || r.Steps != 30 || !(r.After < r.Before) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRunFails(t *testing.T) {
	broken := errors.New("disk full")
	for name, c := range map[string]struct {
		corpus *Corpus
		o      Options
		want   error
	}{
		"too little": {words(100), Options{Steps: 1}, ErrTooLittle},
		"no kernel":  {words(4000), Options{Steps: 1, Kernel: "abacus"}, train.ErrKernel},
		"not kept":   {words(4000), Options{Steps: 20, Best: func([]byte) error { return broken }}, broken},
		"no better":  {words(4000), Options{Steps: 2, MuonRate: 1e-30, AdamRate: 1e-30}, ErrNoBetter},
	} {
		o := options(c.o)
		if c.o.Kernel != "" {
			o.Kernel = c.o.Kernel
		}
		if c.o.MuonRate != 0 {
			o.MuonRate, o.AdamRate = c.o.MuonRate, c.o.AdamRate
		}
		if _, err := Run(t.Context(), tiny(t), c.corpus, o); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
