// Package finetune goes on with the training of a small model on a user's own texts, so that it
// predicts more of their kind better.
//
// It opens windows as the codecs do, trains with rates that suit a model that knows something
// already, and looks from time to time at a part of the texts that is not trained on: the model
// that predicted this part best is the result.
package finetune

import (
	"bytes"
	"context"
	"errors"
	"math"
	"time"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/train"
)

var (
	// ErrTooLittle is wrapped by the error for texts that are too short to train on.
	ErrTooLittle = errors.New("too little text to train on")

	// ErrDiffers is wrapped by the error of Check.
	ErrDiffers = errors.New("the model that was written predicts otherwise than in training")

	// ErrNoBetter is returned when the model never predicted the held-out part better than before.
	ErrNoBetter = errors.New("training did not make the model better")
)

// Options of Run. Best must be given, and one of Steps and Time.
type Options struct {
	Steps   int           // 0: as many as Time and maxPasses allow
	Time    time.Duration // unless Steps says how long
	Seed    uint64        // of the order of the text
	Threads int           // 0: one per CPU
	Kernel  string        // of package train; empty: the best

	MuonRate, AdamRate float64 // peak rates; 0: those of package train, which suit here as well

	// Best is called with the GGUF file of the model, of type Q8_0, whenever it predicts the
	// held-out part better than ever before.
	Best func(file []byte) error

	// Progress, if not nil, is called after every step.
	Progress func(Progress)
}

// Progress tells how far a run is.
type Progress struct {
	Share  float64 // of the whole run, 0 to 1
	Steps  int
	Tokens int     // trained on so far
	Loss   float64 // of the latest step, in nats per token
}

// Result says what came of a run.
type Result struct {
	Kernel        string
	Steps, Tokens int
	Passes        float64       // over the texts
	Elapsed       time.Duration // evaluation included
	Before, After float64       // bits per byte of the held-out part, in windows that open with BOS
	Stopped       bool          // the context ended before the run

	check [][]int32 // windows of what is held out
	nats  []float64 // of each, by the best model
}

const (
	windowTokens   = 512 // or the model's context, if that is less
	windowsPerStep = 16
	maxPasses      = 4 // over the texts, unless Options.Steps is given: more did not help
	evaluations    = 4
	warmup         = 20 // steps
)

func (o Options) trainer() train.Options {
	return train.Options{Threads: o.Threads, Kernel: o.Kernel, MuonRate: o.MuonRate, AdamRate: o.AdamRate}
}

// Supported returns the error that Run would begin with: one that wraps train.ErrNotBuilt or
// train.ErrKernel.
func Supported(m *train.Model, o Options) error {
	t, err := train.NewTrainer(m, o.trainer())
	if err != nil {
		return err
	}
	return t.Close()
}

// Run trains m, which it changes, on the corpus. When ctx ends it stops training, after one step at
// least, and returns what it has. For one kernel and one number of threads, the same model, corpus,
// seed and steps give the same bits. Errors are ErrNoBetter, or wrap ErrTooLittle or those of
// package train and of Best.
func Run(ctx context.Context, m *train.Model, c *Corpus, o Options) (Result, error) {
	start := time.Now()
	n := min(windowTokens, m.Config.Context)
	if err := c.check(n); err != nil {
		return Result{}, err
	}
	t, err := train.NewTrainer(m, o.trainer())
	if err != nil {
		return Result{}, err
	}
	defer t.Close()
	r := &run{Result: Result{Kernel: t.Kernel()}, o: o, t: t, m: m}
	r.held, r.heldSize = c.heldWindows(n)
	if r.Before, err = r.evaluate(t); err != nil {
		return r.Result, err
	}
	r.After = r.Before
	share := 0.0
	for next := 1; next <= evaluations && err == nil; next++ {
		for share*evaluations < float64(next) && (r.Steps == 0 || ctx.Err() == nil) && err == nil {
			if len(r.windows) == 0 {
				r.windows = c.pass(n, o.Seed, r.number)
				r.number++
			}
			err = r.step(share)
			r.Passes = float64(r.Tokens) / float64(c.Tokens())
			if o.Steps > 0 {
				share = float64(r.Steps) / float64(o.Steps)
			} else {
				share = max(float64(time.Since(start))/float64(o.Time), r.Passes/maxPasses)
			}
			if o.Progress != nil {
				o.Progress(Progress{min(1, share), r.Steps, r.Tokens, r.loss})
			}
		}
		if err == nil {
			err = r.keepBest()
		}
		if r.Stopped = ctx.Err() != nil && share < 1; r.Stopped {
			break
		}
	}
	r.Elapsed = time.Since(start)
	if err == nil && !(r.After < r.Before) {
		err = ErrNoBetter
	}
	return r.Result, err
}

type run struct {
	Result
	o        Options
	t        *train.Trainer
	m        *train.Model
	held     [][]int32
	heldSize int       // bytes
	windows  [][]int32 // left of this pass
	number   uint64    // of the next pass
	loss     float64
	latest   []float64 // nats per token of each window of held
}

// step trains on the next windows, with rates that rise for some steps, or a tenth of a short run,
// and then fall linearly to the end of the run.
func (r *run) step(share float64) error {
	batch := r.windows[:min(windowsPerStep, len(r.windows))]
	r.windows = r.windows[len(batch):]
	rate := min(1, max(float64(r.Steps+1)/warmup, 10*share)) * max(0.01, 1-share)
	cost, err := r.t.Step(batch, rate)
	r.Steps, r.loss = r.Steps+1, cost.Nats
	r.Tokens += targets(batch)
	return err
}

// evaluate gives bits per byte of what is held out.
func (r *run) evaluate(t *train.Trainer) (float64, error) {
	nats, err := t.Loss(r.held)
	if err != nil {
		return 0, err
	}
	r.latest = nats
	sum := 0.0
	for i, mean := range nats {
		sum += mean * float64(targets(r.held[i:i+1]))
	}
	return sum / math.Ln2 / float64(r.heldSize), nil
}

// keepBest gives the model's file to Best if it has become better. What counts is the file: a model
// whose weights change fast may lose much by quantization.
func (r *run) keepBest() error {
	var file bytes.Buffer
	if err := r.m.Write(&file, gguf.Q8_0); err != nil {
		return err
	}
	quantized, err := train.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		return err
	}
	t, err := train.NewTrainer(quantized, r.o.trainer())
	if err != nil {
		return err
	}
	defer t.Close()
	bits, err := r.evaluate(t)
	if err != nil || !(bits < r.After) {
		return err
	}
	r.After = bits
	r.check = r.held[:min(checked, len(r.held))]
	r.nats = r.latest[:len(r.check)]
	return r.o.Best(file.Bytes())
}

// targets is the number of tokens that are predicted in windows.
func targets(windows [][]int32) (n int) {
	for _, w := range windows {
		for _, t := range w[1:] {
			if t >= 0 {
				n++
			}
		}
	}
	return n
}
