package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/lm"
)

// Task is one chunk to code. A Task that has ended may be submitted again.
type Task struct {
	Run func(*coder.Lane) error

	shape Shape
	pool  *Pool
	done  chan struct{}
	err   error // valid once done
}

// Shape is what a worker needs to run a Task. Tasks of one shape share workers; a worker is made
// anew for another shape.
type Shape struct {
	Model  *Model // nil: none
	Window int    // tokens of its sessions
	Lanes  int    // tasks that a worker steps through the model together, at most
}

// NewShape is the shape of tasks that may ask m. Without a model there is nothing that lanes could
// do together; one of a fixed number of lanes is asked with as many. The tables of the method Mix,
// which mixes allows, are too large to have several of them for each worker.
func NewShape(m *Model, window int, mixes bool, lanes int) Shape {
	if m == nil {
		window, lanes = 0, 1
	} else if n := FixedLanes(m.Model); n > 0 {
		lanes = n
	}
	if mixes {
		lanes = 1
	}
	return Shape{m, window, lanes}
}

// FixedLanes is the number of lanes that m always computes together; 0: there is none.
func FixedLanes(m lm.Model) int {
	if f, ok := m.(lm.Fixed); ok {
		return f.Lanes()
	}
	return 0
}

// linger is how long a Task that is waited for lets others arrive to be run with it. It bears on
// speed only.
const linger = 20 * time.Millisecond

// Pool runs tasks on workers × lanes, in the order in which they were submitted. Tasks wait until
// there are enough to fill all lanes, or until Kick: so sessions get no more lanes than there are
// chunks to code. Goroutines are started as they are needed. Methods may be called concurrently,
// unless tasks run inline.
type Pool struct {
	workers    int
	inline     bool // a task runs in Submit where there is a single lane
	ctx        context.Context
	cancel     context.CancelFunc
	unwatch    func() bool
	goroutines sync.WaitGroup

	mu      sync.Mutex
	wake    *sync.Cond // the state below has changed
	queue   []*Task
	stopped []*Task // whose jobs a failing worker has ended: they wait for its error
	started int     // goroutines
	busy    int     // of these, running jobs
	running int     // tasks that have begun and not ended
	kicked  bool    // idle workers may begin
	closing bool
	err     error

	own   worker // of a pool that runs tasks inline
	spare *Spare
}

// Spare is workers without sessions, and their tables, that pools leave behind when they are
// closed, for the pools after them. Its methods may be called concurrently.
type Spare struct {
	mu   sync.Mutex
	list []worker
}

func (s *Spare) take() (w worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.list); n > 0 {
		w, s.list = s.list[n-1], s.list[:n-1]
	}
	return w
}

// put keeps a worker, or closes it if it has a session.
func (s *Spare) put(w worker) {
	if w.Worker == nil || w.shape.Model != nil {
		w.close()
		return
	}
	s.mu.Lock()
	s.list = append(s.list, w)
	s.mu.Unlock()
}

// Drop frees what there is.
func (s *Spare) Drop() {
	s.mu.Lock()
	s.list = nil
	s.mu.Unlock()
}

// worker is a coder.Worker and what it was made for.
type worker struct {
	*coder.Worker
	shape Shape
	lanes int
}

// NewPool makes a pool. With inline set, the pool belongs to one goroutine at a time, which runs
// the tasks itself where there is a single lane.
func NewPool(ctx context.Context, workers int, inline bool, spare *Spare) *Pool {
	p := &Pool{workers: workers, inline: inline, spare: spare}
	p.wake = sync.NewCond(&p.mu)
	p.ctx, p.cancel = context.WithCancel(ctx)
	p.unwatch = context.AfterFunc(ctx, func() { p.fail(context.Cause(ctx)) })
	return p
}

// Concurrency is the number of tasks of a shape that can run at once.
func (p *Pool) Concurrency(s Shape) int { return p.workers * s.Lanes }

// Submit queues a task. Its end, and its error, come through Done and Wait.
func (p *Pool) Submit(t *Task, s Shape) {
	t.pool, t.shape, t.done, t.err = p, s, make(chan struct{}), nil
	p.mu.Lock()
	if p.err != nil {
		t.finish(p.err)
		p.mu.Unlock()
		return
	}
	p.queue = append(p.queue, t)
	inline := p.inline && p.Concurrency(s) == 1
	if !inline && len(p.queue) >= p.Concurrency(s) {
		p.kickLocked()
	}
	p.mu.Unlock()
	if inline {
		p.runInline(s)
	}
}

// Kick makes the workers begin with what has been submitted.
func (p *Pool) Kick() {
	p.mu.Lock()
	p.kickLocked()
	p.mu.Unlock()
}

func (p *Pool) kickLocked() {
	if len(p.queue) == 0 || p.inline && p.Concurrency(p.queue[0].shape) == 1 {
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
func (p *Pool) work() {
	w := p.spare.take()
	defer func() { p.spare.put(w) }()
	for {
		shape, lanes := p.await()
		if lanes == 0 {
			return
		}
		if err := w.fit(shape, lanes); err != nil {
			p.fail(err)
			return
		}
		p.run(&w)
		p.mu.Lock()
		p.busy--
		p.mu.Unlock()
	}
}

// fit makes the worker anew unless it is one for this shape and as many lanes.
func (w *worker) fit(s Shape, lanes int) error {
	if w.Worker != nil && w.shape == s && w.lanes >= lanes {
		return nil
	}
	w.close()
	var m lm.Model
	if s.Model != nil {
		m = s.Model.Model
	}
	made, err := coder.NewWorker(m, lanes, s.Window)
	if err == nil {
		*w = worker{made, s, lanes}
	}
	return err
}

func (w *worker) close() {
	if w.Worker != nil {
		w.Close() // an error of its session has ended the tasks already
		w.Worker = nil
	}
}

// await blocks until there is work, and says what for; 0 lanes mean to end.
func (p *Pool) await() (s Shape, lanes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.err != nil:
			return s, 0
		case p.kicked && len(p.queue) > 0:
			p.busy++
			return p.queue[0].shape, p.share()
		case p.closing:
			return s, 0
		}
		p.wake.Wait()
	}
}

// share is the number of lanes that each worker needs for what is queued or running.
func (p *Pool) share() int {
	return min(p.queue[0].shape.Lanes, (len(p.queue)+p.running+p.workers-1)/p.workers)
}

// take gives a worker its next job. It never blocks: where there is nothing for a worker's first
// lane, Run ends and the worker waits in await.
func (p *Pool) take(first bool, w *worker) (func(*coder.Lane) error, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.started - p.busy
	switch {
	case p.err != nil || len(p.queue) == 0:
		p.kicked = false
		return nil, false
	case first && !p.kicked:
		return nil, false
	case p.queue[0].shape != w.shape:
		return nil, false // finish, and go on as another worker
	case !first && p.kicked && len(p.queue) <= idle:
		return nil, false // leave it to the workers that are about to begin
	case !first && p.share() > w.lanes:
		return nil, false // finish, and go on with more lanes
	}
	t := p.queue[0]
	p.queue = p.queue[1:]
	p.kicked = len(p.queue) > 0 // what is submitted from now on waits again
	p.running++
	return p.job(t), true
}

// job is the task as the worker runs it. Errors of a chunk are the chunk's own; those that stop the
// worker come through fail.
func (p *Pool) job(t *Task) func(*coder.Lane) error {
	return func(l *coder.Lane) error {
		err := t.Run(l)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running--
		switch {
		case err != nil && p.err != nil:
			t.finish(p.err)
		case err != nil && p.ctx.Err() != nil:
			t.finish(context.Cause(p.ctx))
		case errors.Is(err, coder.ErrStopped):
			p.stopped = append(p.stopped, t)
		default:
			t.finish(err)
		}
		return nil
	}
}

// finish must be called with the pool locked.
func (t *Task) finish(err error) {
	t.err = err
	close(t.done)
}

// Done is closed when the task has ended. The task must have been submitted.
func (t *Task) Done() <-chan struct{} { return t.done }

// Err is the error that the task ended with. It must have ended.
func (t *Task) Err() error { return t.err }

// Wait waits until the task has ended. Where it does not begin because too few tasks have arrived,
// it soon does. When ctx ends first, its cause is returned, and the task goes on.
func (t *Task) Wait(ctx context.Context) error {
	select {
	case <-t.done:
		return t.err
	default:
	}
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for {
		select {
		case <-t.done:
			return t.err
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
			t.pool.Kick()
		}
	}
}

// runInline runs the queued task on the calling goroutine.
func (p *Pool) runInline(s Shape) {
	if p.own.Worker == nil {
		p.own = p.spare.take()
	}
	if err := p.own.fit(s, 1); err != nil {
		p.fail(err)
		return
	}
	p.kicked = true
	p.run(&p.own)
}

// run runs queued tasks on a worker until there are none for it.
func (p *Pool) run(w *worker) {
	err := w.Run(p.ctx, func(first bool) (func(*coder.Lane) error, bool) { return p.take(first, w) })
	if err == nil {
		return
	}
	if p.ctx.Err() != nil {
		err = context.Cause(p.ctx)
	}
	p.fail(err)
}

// fail ends all tasks that have not ended with err. The pool can only be closed then.
func (p *Pool) fail(err error) {
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

// Idle says whether all tasks have ended and the pool can take more.
func (p *Pool) Idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err == nil && len(p.queue) == 0 && p.running == 0
}

// Goroutines is the number of goroutines that have been started.
func (p *Pool) Goroutines() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.started
}

// Failed says whether the pool can only be closed.
func (p *Pool) Failed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err != nil
}

// Close runs what is queued, then stops all goroutines and frees the sessions.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closing = true
	p.kickLocked()
	p.wake.Broadcast()
	p.mu.Unlock()
	p.goroutines.Wait()
	p.unwatch()
	p.cancel()
	p.spare.put(p.own)
	p.own = worker{}
}

// Abort is Close without running what is queued: tasks that have not ended end with err.
func (p *Pool) Abort(err error) {
	p.fail(err)
	p.Close()
}
