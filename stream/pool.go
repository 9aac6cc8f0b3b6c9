package stream

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
)

// task is one chunk to code.
type task struct {
	run  func(*codec.Lane) error
	pool *pool
	done chan struct{}
	err  error // valid once done
}

// pool runs tasks on workers × lanes. Tasks wait until there are enough to fill all lanes, or until kick: so sessions get no
// more lanes than there are chunks to code. It starts goroutines as they are needed, and none if it has a single lane:
// then submit runs the task.
type pool struct {
	model          lm.Model // may be nil
	window         int      // tokens
	workers, lanes int
	ctx            context.Context
	cancel         context.CancelFunc
	unwatch        func() bool
	goroutines     sync.WaitGroup
	slots          *semaphore.Weighted // for the owner: tasks that have been submitted and not been consumed

	mu      sync.Mutex
	wake    *sync.Cond // the state below has changed
	queue   []*task
	stopped []*task // whose jobs a failing worker has ended: they wait for its error
	started int     // goroutines
	busy    int     // of these, running jobs
	running int     // tasks that have begun and not ended
	kicked  bool    // idle workers may begin
	closing bool
	err     error

	inline *codec.Worker // of a pool with a single lane
}

// newPool makes a pool. Without a model there is nothing that lanes could do together, so there is one per worker.
func newPool(ctx context.Context, m lm.Model, window, workers, lanes int) *pool {
	if m == nil {
		window, lanes = 0, 1
	}
	p := &pool{model: m, window: window, workers: workers, lanes: lanes}
	p.wake = sync.NewCond(&p.mu)
	p.ctx, p.cancel = context.WithCancel(ctx)
	p.unwatch = context.AfterFunc(ctx, func() { p.fail(context.Cause(ctx)) })
	return p
}

// concurrency is the number of tasks that can run at once.
func (p *pool) concurrency() int { return p.workers * p.lanes }

// submit queues a task. Its error, and the end of it, come through wait.
func (p *pool) submit(t *task) {
	t.pool, t.done, t.err = p, make(chan struct{}), nil
	p.mu.Lock()
	if p.err != nil {
		t.finish(p.err)
		p.mu.Unlock()
		return
	}
	p.queue = append(p.queue, t)
	inline := p.concurrency() == 1
	if !inline && len(p.queue) >= p.concurrency() {
		p.kickLocked()
	}
	p.mu.Unlock()
	if inline {
		p.runInline()
	}
}

// kick makes the workers begin with what has been submitted.
func (p *pool) kick() {
	p.mu.Lock()
	p.kickLocked()
	p.mu.Unlock()
}

func (p *pool) kickLocked() {
	if len(p.queue) == 0 || p.concurrency() == 1 {
		return
	}
	p.kicked = true
	for p.started < min(p.workers, p.busy+len(p.queue)) {
		p.started++
		p.goroutines.Go(p.work)
	}
	p.wake.Broadcast()
}

// work is a worker's goroutine.
func (p *pool) work() {
	var worker *codec.Worker
	have := 0
	defer func() {
		if worker != nil {
			worker.Close()
		}
	}()
	for {
		want := p.await()
		if want == 0 {
			return
		}
		if want > have {
			if worker != nil {
				worker.Close()
			}
			var err error
			if worker, err = codec.NewWorker(p.model, want, p.window); err != nil {
				p.fail(err)
				return
			}
			have = want
		}
		p.run(worker, have)
		p.mu.Lock()
		p.busy--
		p.mu.Unlock()
	}
}

// await blocks until there is work. It returns the number of lanes to do it with; 0 means to end.
func (p *pool) await() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.err != nil:
			return 0
		case p.kicked && len(p.queue) > 0:
			p.busy++
			return p.share()
		case p.closing:
			return 0
		}
		p.wake.Wait()
	}
}

// share is the number of lanes that each worker needs for what is queued or running.
func (p *pool) share() int { return min(p.lanes, (len(p.queue)+p.running+p.workers-1)/p.workers) }

// take gives a worker of this many lanes its next job. It never blocks: where there is nothing for a worker's first lane, Run
// ends and the worker waits in await.
func (p *pool) take(first bool, lanes int) (func(*codec.Lane) error, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.started - p.busy
	switch {
	case p.err != nil || len(p.queue) == 0:
		p.kicked = false
		return nil, false
	case first && !p.kicked:
		return nil, false
	case !first && p.kicked && len(p.queue) <= idle:
		return nil, false // leave it to the workers that are about to begin
	case !first && p.share() > lanes:
		return nil, false // finish, and go on with more lanes
	}
	t := p.queue[0]
	p.queue = p.queue[1:]
	p.running++
	return p.job(t), true
}

// job is the task as the worker runs it. Errors of a chunk are the chunk's own; those that stop the worker come through fail.
func (p *pool) job(t *task) func(*codec.Lane) error {
	return func(l *codec.Lane) error {
		err := t.run(l)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running--
		switch {
		case err != nil && p.err != nil:
			t.finish(p.err)
		case err != nil && p.ctx.Err() != nil:
			t.finish(context.Cause(p.ctx))
		case errors.Is(err, codec.ErrStopped):
			p.stopped = append(p.stopped, t)
		default:
			t.finish(err)
		}
		return nil
	}
}

// finish must be called with the pool locked.
func (t *task) finish(err error) {
	t.err = err
	close(t.done)
}

// runInline runs the queued task on the calling goroutine.
func (p *pool) runInline() {
	if p.inline == nil {
		worker, err := codec.NewWorker(p.model, 1, p.window)
		if err != nil {
			p.fail(err)
			return
		}
		p.inline = worker
	}
	p.kicked = true
	p.run(p.inline, 1)
}

// run runs queued tasks on a worker of this many lanes until there are none.
func (p *pool) run(w *codec.Worker, lanes int) {
	err := w.Run(p.ctx, func(first bool) (func(*codec.Lane) error, bool) { return p.take(first, lanes) })
	if err == nil {
		return
	}
	if p.ctx.Err() != nil {
		err = context.Cause(p.ctx)
	}
	p.fail(err)
}

// fail ends all tasks that have not ended with err. The pool can only be closed then.
func (p *pool) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
	for _, t := range append(p.stopped, p.queue...) {
		t.finish(p.err)
	}
	p.stopped, p.queue = nil, nil
	p.cancel()
	p.wake.Broadcast()
}

// close runs what is queued, then stops all goroutines and frees the sessions.
func (p *pool) close() {
	p.mu.Lock()
	p.closing = true
	p.kickLocked()
	p.wake.Broadcast()
	p.mu.Unlock()
	p.goroutines.Wait()
	p.unwatch()
	p.cancel()
	if p.inline != nil {
		p.inline.Close()
		p.inline = nil
	}
}

// abort is close without running what is queued.
func (p *pool) abort() {
	p.fail(ErrClosed)
	p.close()
}
