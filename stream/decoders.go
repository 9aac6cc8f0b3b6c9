package stream

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
)

// decoders lends workers of one lane, and so one session each, to the goroutines that decode: no more of them than there may
// be. Its methods may be called concurrently.
type decoders struct {
	most  int
	slots *semaphore.Weighted

	mu   sync.Mutex
	busy int
	idle []*decoder // last used last
}

// decoder is a worker and what it was made for.
type decoder struct {
	worker *codec.Worker
	model  lm.Model // may be nil
	window int      // tokens
}

func newDecoders(n int) *decoders { return &decoders{most: n, slots: semaphore.NewWeighted(int64(n))} }

// run runs the job, whose error it returns, on a worker for the model, when one is free.
func (d *decoders) run(ctx context.Context, m lm.Model, window int, job func(*codec.Lane) error) error {
	if d.slots.Acquire(ctx, 1) != nil {
		return context.Cause(ctx)
	}
	defer d.slots.Release(1)
	if m == nil {
		window = 0
	}
	dec, err := d.take(m, window)
	if err != nil {
		return err
	}
	var failed error
	begun := false
	err = dec.worker.Run(ctx, func(bool) (func(*codec.Lane) error, bool) {
		if begun {
			return nil, false
		}
		begun = true
		return func(l *codec.Lane) error {
			failed = job(l)
			return nil
		}, true
	})
	d.giveBack(dec, err == nil)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	}
	return failed
}

// take takes an idle worker that fits, or makes one in place of one that does not.
func (d *decoders) take(m lm.Model, window int) (*decoder, error) {
	d.mu.Lock()
	d.busy++
	for i := len(d.idle) - 1; i >= 0; i-- {
		if dec := d.idle[i]; dec.model == m && dec.window == window {
			d.idle = append(d.idle[:i], d.idle[i+1:]...)
			d.mu.Unlock()
			return dec, nil
		}
	}
	var drop *decoder
	if d.busy+len(d.idle) > d.most {
		drop, d.idle = d.idle[0], d.idle[1:]
	}
	d.mu.Unlock()
	var err error
	if drop != nil {
		err = drop.worker.Close()
	}
	dec := &decoder{model: m, window: window}
	if err == nil {
		dec.worker, err = codec.NewWorker(m, 1, window)
	}
	if err != nil {
		d.mu.Lock()
		d.busy--
		d.mu.Unlock()
		return nil, err
	}
	return dec, nil
}

// giveBack keeps a worker for later, unless its session has failed.
func (d *decoders) giveBack(dec *decoder, good bool) {
	if !good {
		dec.worker.Close() // its session has failed with an error that is returned already
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy--
	if good {
		d.idle = append(d.idle, dec)
	}
}

// close frees all sessions. Nothing may run.
func (d *decoders) close() (err error) {
	for _, dec := range d.idle {
		if failed := dec.worker.Close(); err == nil {
			err = failed
		}
	}
	d.idle = nil
	return err
}
