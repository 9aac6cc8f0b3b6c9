package coder

import (
	"context"
	"fmt"
	"iter"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/bwt"
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/lm"
)

// Worker steps the lanes of one session together: it collects the request of every lane that runs a
// job, evaluates them in one Session.Decode, and resumes the jobs. Jobs are coroutines: one of them
// runs at a time, so the lanes of a worker share scratch memory. A worker belongs to one goroutine
// at a time.
type Worker struct {
	model    lm.Model
	session  lm.Session
	weigher  lm.Weigher // session, if it is one
	window   int
	lanes    []*Lane
	waiting  []*Lane // lanes that run a job, each with a request
	answered []*Lane // that waited before: kept for its memory
	feeds    []lm.Feed
	blocks   []lm.BlockOf
	running  *Lane           // whose job runs at the moment
	ctx      context.Context // of Run
	failed   error           // of the session, which can only be closed then

	vocabulary *Vocabulary
	cdf        CDF
	zstd       zstdScratch
	bwt        bwt.Coder
}

// NewWorker opens a session of m with this many lanes of window tokens each. With m nil the lanes
// serve methods that need no model.
func NewWorker(m lm.Model, lanes, window int) (*Worker, error) {
	if lanes < 1 {
		return nil, fmt.Errorf("worker with %d lanes", lanes)
	}
	w := &Worker{model: m, window: window}
	if m != nil {
		session, err := m.NewSession(lanes, window)
		if err != nil {
			return nil, err
		}
		w.session = session
		w.weigher, _ = session.(lm.Weigher)
	}
	for i := range lanes {
		w.lanes = append(w.lanes, &Lane{worker: w, index: i})
	}
	return w, nil
}

// Source hands out jobs. With wait it blocks until there is a job or there will be none; without,
// ok is false as well when there is none yet.
type Source func(wait bool) (job func(*Lane) error, ok bool)

// Run runs the jobs of next, one per lane at a time, until there are none. A lane whose job has
// ended takes the next job while the others go on; Run waits for jobs only when no lane has one.
// The first error of a job or of the session, or the end of ctx, ends Run: jobs that have begun see
// their requests fail and are waited for. A job's panic passes through Run. Waiting in next is not
// interrupted by ctx: that is up to next.
func (w *Worker) Run(ctx context.Context, next Source) error {
	if w.failed != nil {
		return w.failed
	}
	w.ctx = ctx
	cause := ErrStopped
	defer func() { w.stop(cause) }()
	for {
		err := w.fill(ctx, next)
		if err == nil && len(w.waiting) == 0 {
			return nil
		}
		if err == nil {
			err = w.step(ctx)
		}
		if err != nil {
			if ctx.Err() != nil {
				cause = ctx.Err()
			}
			return err
		}
	}
}

// fill starts jobs on the idle lanes.
func (w *Worker) fill(ctx context.Context, next Source) error {
	for _, l := range w.lanes {
		for l.resume == nil {
			if err := ctx.Err(); err != nil {
				return err
			}
			job, ok := next(len(w.waiting) == 0)
			if !ok {
				return nil
			}
			l.begin(job)
			if err := w.advance(l); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// step answers requests: those for weights of rows that there are, or if there is none all others.
func (w *Worker) step(ctx context.Context) error {
	w.blocks = w.blocks[:0]
	weighed := w.weigher != nil
	for _, l := range w.waiting {
		if l.block >= 0 {
			w.blocks = append(w.blocks, lm.BlockOf{Row: l.row, Block: l.block})
		}
		weighed = weighed && l.weighed
	}
	if len(w.blocks) > 0 {
		return w.weigh(ctx)
	}
	w.feeds = w.feeds[:0]
	for _, l := range w.waiting {
		w.feeds = append(w.feeds, l.feed)
	}
	if w.weigher != nil {
		w.weigher.Weigh(weighed)
	}
	if err := w.session.Decode(ctx, w.feeds); err != nil {
		w.failed = err
		return err
	}
	tokens := len(w.model.Pieces())
	waiting := w.waiting
	for i, l := range waiting {
		l.logits, l.row = w.session.Logits(i), i
		n, want := l.logits.Len(), tokens
		if l.logits.Sums != nil {
			n, want = len(l.logits.Sums), (tokens+cdfBlock-1)/cdfBlock
		}
		if n != want {
			w.failed = fmt.Errorf("%w: a row of %d for a vocabulary of %d", codec.ErrLogits, n, tokens)
			return w.failed
		}
	}
	w.waiting = w.waiting[:0]
	for _, l := range waiting {
		if err := w.advance(l); err != nil {
			return err
		}
	}
	return nil
}

// weigh answers the requests for blocks of weights.
func (w *Worker) weigh(ctx context.Context) error {
	weights, err := w.weigher.Weights(ctx, w.blocks)
	if err != nil {
		w.failed = err
		return err
	}
	waiting := w.waiting
	w.waiting, w.answered = w.answered[:0], waiting
	for _, l := range waiting {
		if l.block < 0 {
			w.waiting = append(w.waiting, l)
			continue
		}
		l.weights, weights = weights[0], weights[1:]
		if err := w.advance(l); err != nil {
			return err
		}
	}
	return nil
}

// advance runs the lane's job up to its next request or its end.
func (w *Worker) advance(l *Lane) error {
	w.running = l
	_, ok := l.resume()
	w.running = nil
	if ok {
		w.waiting = append(w.waiting, l)
		return nil
	}
	l.resume = nil
	return l.jobErr
}

// stop ends the jobs that are still suspended, all of them even if one panics.
func (w *Worker) stop(cause error) {
	w.waiting, w.running = w.waiting[:0], nil
	for _, l := range w.lanes {
		if l.resume != nil {
			l.resume, l.stopErr = nil, cause
			defer l.stop()
		}
	}
}

// begin makes the job a coroutine of the lane, suspended at its first line.
func (l *Lane) begin(job func(*Lane) error) {
	l.jobErr, l.stopErr, l.started, l.weighed = nil, nil, false, false
	l.resume, l.stop = iter.Pull(func(yield func(struct{}) bool) {
		l.yield = yield
		l.jobErr = job(l)
	})
}

// Tables is the memory in bytes that the lanes keep for the methods Mix and BWT: as much as their
// largest chunk needed (mix.Memory, bwt.Memory), and the history of Mix. Run must not be running.
func (w *Worker) Tables() (n int) {
	n = w.bwt.Size()
	for _, l := range w.lanes {
		n += l.mix.Size()
	}
	return n
}

// DropTables frees that memory. Run must not be running.
func (w *Worker) DropTables() {
	w.bwt = bwt.Coder{}
	for _, l := range w.lanes {
		l.mix, l.mixed = mix.Coder{}, nil
	}
}

// Close frees the session. Run must not be running.
func (w *Worker) Close() error {
	if w.session == nil {
		return nil
	}
	session := w.session
	w.session, w.failed = nil, ErrStopped
	return session.Close()
}

func (w *Worker) vocabularyOnce() (*Vocabulary, error) {
	if w.model == nil {
		return nil, codec.ErrNoModel
	}
	if w.vocabulary == nil {
		v, err := NewVocabulary(w.model)
		if err != nil {
			return nil, err
		}
		w.vocabulary = v
	}
	return w.vocabulary, nil
}
