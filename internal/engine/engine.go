// Package engine decodes the chunks of archives, for everything that reads them: in order, at
// random, or to verify.
//
// An Engine has one pool of workers, one memory budget, and the states that the chunks of the last
// frames start from. A reader opens a Frame, admits a Chunk when there is room for it, submits it,
// waits for it, and releases it. The Pool also serves writers.
package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/format"
)

var (
	// ErrNoDictionary says that chunks start from a dictionary that was not given.
	ErrNoDictionary = errors.New("archive needs a dictionary that was not given")
	// ErrClosed says that something was used after Close.
	ErrClosed = errors.New("stream: closed")
)

// Dictionaries finds a dictionary by the SHA-256 of its bytes. It returns an error that wraps
// ErrNoDictionary for one that it does not know.
type Dictionaries func(ctx context.Context, sha256 [32]byte) ([]byte, error)

// Options of an Engine.
type Options struct {
	Workers, Lanes int
	Inline         bool  // see NewPool; Admit and Submit are called by one goroutine at a time
	Limit          int64 // bytes of memory for chunks
	Limited        bool  // the limit was asked for: it includes tables
	States         int   // that chunks start from and are kept: each takes as much as a worker
	Models         ModelSource
	Dictionaries   Dictionaries
}

// Engine decodes chunks. Where they are not inline, methods may be called concurrently.
type Engine struct {
	ctx    context.Context
	opts   Options
	models *models
	primed *Cache[origin, *coder.Primed]
	flight Flights[origin, *coder.Primed]

	mu    sync.Mutex
	pool  *Pool // nil until it is needed
	spare Spare

	memory  *semaphore.Weighted
	needs   Needs // that workers was found for
	workers int
	most    int64 // bytes that a chunk, tables and states take at most; known after Reserve

	// What of memory is held beyond chunks, with a limit that was asked for; admit is held to look
	// at it.
	admit  chan struct{}
	tables int64 // by each worker
	states int64 // by states that chunks start from
}

// New makes an Engine, which fails with the context's cause when that ends.
func New(ctx context.Context, o Options) *Engine {
	e := &Engine{ctx: ctx, opts: o, models: newModels(o.Models), admit: make(chan struct{}, 1)}
	e.primed = NewCache[origin, *coder.Primed](int64(o.States))
	e.clear()
	return e
}

// clear forgets what is about the archive that was read.
func (e *Engine) clear() {
	e.memory = semaphore.NewWeighted(e.opts.Limit)
	e.needs, e.workers, e.tables, e.states = Needs{}, e.opts.Workers, 0, 0
}

// Frame is a frame whose chunks are to be decoded.
type Frame struct {
	Header *format.Header
	Start  int64  // in the archive
	model  *Model // nil: none
}

// Frame opens the model that the frame names.
func (e *Engine) Frame(ctx context.Context, h *format.Header, start int64) (*Frame, error) {
	m, err := e.models.get(ctx, h)
	if err != nil {
		return nil, err
	}
	return &Frame{h, start, m}, nil
}

// origin names a state that chunks start from: that behind a dictionary serves all frames of its
// level and chunk size.
type origin struct {
	start            int64 // of the frame, if it is that behind its first chunk
	dictionary       [32]byte
	level, chunkSize int
}

func (f *Frame) origin() origin {
	if h := f.Header; h.Primer == format.PrimerDictionary {
		return origin{-1, h.Dict, h.Level, h.ChunkSize}
	}
	return origin{start: f.Start}
}

// NewFrame is a frame that nobody has read the header of; it names m, or nothing.
func NewFrame(h *format.Header, m *Model) *Frame { return &Frame{Header: h, model: m} }

// Dictionary finds that of a frame; nil: it has none.
func (e *Engine) Dictionary(ctx context.Context, h *format.Header) ([]byte, error) {
	if h.Primer != format.PrimerDictionary {
		return nil, nil
	}
	if e.opts.Dictionaries == nil {
		return nil, fmt.Errorf("%w: SHA-256 %x", ErrNoDictionary, h.Dict)
	}
	return e.opts.Dictionaries(ctx, h.Dict)
}

// Next makes the Engine ready for the chunks of a frame, behind those of another. It belongs to
// readers that go through an archive in order.
func (e *Engine) Next(h *format.Header) {
	n := NeedsOf(h)
	if !e.opts.Limited || n.within(e.needs) {
		return
	}
	e.stop(nil)
	e.memory.Release(e.held())
	e.tables, e.states = 0, 0
	e.needs, e.workers = n, e.opts.workersFor(n)
}

// Reserve makes the Engine ready for chunks of all these needs, in any order. It is called once,
// before any of them.
func (e *Engine) Reserve(all []Needs) {
	e.workers = e.opts.workersFor(all...)
	tables, states, chunk := most(all)
	e.most = int64(e.workers)*tables + states + 3*chunk + 2*format.MaxFields // the head of a record, too
}

func (e *Engine) held() int64 { return int64(e.workers)*e.tables + e.states }

// Concurrency is the number of chunks of a frame that are decoded at once.
func (e *Engine) Concurrency(f *Frame) int { return e.workers * e.shape(f).Lanes }

func (e *Engine) shape(f *Frame) Shape {
	return NewShape(f.model, f.Header.Window.Window, f.Header.Mixes, e.opts.Lanes)
}

// Admit waits until there is room for one more chunk, of this number and of raw bytes from a
// payload of so many, and counts it. It returns ErrTooLarge if there can never be.
func (e *Engine) Admit(ctx context.Context, f *Frame, c *Chunk, number, raw, payload int64, primed bool) error {
	need := 2*raw + payload
	var tables, states int64
	if e.opts.Limited {
		select {
		case e.admit <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		defer func() { <-e.admit }()
		n := Needs{Mixes: f.Header.Mixes, Level: f.Header.Level, Chunk: raw}
		if primed || number == 0 && f.Header.Primer == format.PrimerFirstChunk {
			n = NeedsOf(f.Header)
		}
		tables, states = max(e.tables, n.tables()), e.states
		if primed {
			states = max(states, n.states())
		}
	}
	held := e.held() // nothing, without a limit that was asked for
	more := int64(e.workers)*tables + states - held
	if need+more > e.opts.Limit-held {
		return fmt.Errorf("%w: it takes %d bytes, the limit is %d", format.ErrTooLarge, need+more+held, e.opts.Limit)
	}
	if e.memory.Acquire(ctx, need+more) != nil {
		return context.Cause(ctx)
	}
	if e.opts.Limited {
		e.tables, e.states = tables, states
	}
	c.cost = need
	return nil
}

// Take counts n bytes that a reader takes for itself beside those that it has taken already, all of
// which it must Give back. It returns ErrTooLarge where a chunk might find no room beside them,
// and would wait for ever. Without a limit that was asked for, they do not count but are limited.
func (e *Engine) Take(ctx context.Context, n, already int64) error {
	if !e.opts.Limited {
		if n > e.opts.Limit {
			return format.ErrTooLarge
		}
		return nil
	}
	if n+already > e.opts.Limit-e.most {
		return format.ErrTooLarge
	}
	if e.memory.Acquire(ctx, n) != nil {
		return context.Cause(ctx)
	}
	return nil
}

// Give takes back what Take gave.
func (e *Engine) Give(n int64) {
	if e.opts.Limited {
		e.memory.Release(n)
	}
}

// Release makes the room of a chunk free again.
func (e *Engine) Release(c *Chunk) {
	e.memory.Release(c.cost)
	c.cost = 0
}

// Submit has a chunk decoded, whose record is complete; primed is what it starts from, nil for
// nothing.
func (e *Engine) Submit(f *Frame, c *Chunk, primed *coder.Primed) {
	params := coder.Params{Window: f.Header.Window, Level: f.Header.Level, Primed: primed, Watch: c.Watch}
	if c.Record.Number == 0 && f.Header.Primer == format.PrimerFirstChunk {
		params.Later = f.Header.ChunkSize
	}
	c.mixes = f.Header.Mixes
	c.Run = func(l *coder.Lane) error { return c.decode(l, params) }
	e.submit(&c.Task, e.shape(f))
}

func (e *Engine) submit(t *Task, s Shape) {
	e.mu.Lock()
	p := e.pool
	if p != nil && p.Failed() && e.ctx.Err() == nil {
		// A session has failed, with an error that its tasks have returned.
		p.Abort(ErrClosed)
		p = nil
	}
	if p == nil {
		p = NewPool(e.ctx, e.workers, e.opts.Inline, &e.spare)
		e.pool = p
	}
	e.mu.Unlock()
	p.Submit(t, s)
}

// Kick makes the workers begin with what has been submitted.
func (e *Engine) Kick() {
	e.mu.Lock()
	p := e.pool
	e.mu.Unlock()
	if p != nil {
		p.Kick()
	}
}

// Primed gives what the primed chunks of a frame start from: the state behind its dictionary, or
// behind its first chunk, whose bytes first gives.
func (e *Engine) Primed(ctx context.Context, f *Frame, first func(context.Context) ([]byte, error)) (*coder.Primed, error) {
	if p, ok := e.primed.Get(f.origin()); ok {
		return p, nil
	}
	base := e.ctx
	if e.opts.Inline {
		base = ctx
	}
	return e.flight.Do(ctx, base, f.origin(), func(ctx context.Context) (*coder.Primed, error) {
		text, err := e.Dictionary(ctx, f.Header)
		if err == nil && f.Header.Primer != format.PrimerDictionary {
			text, err = first(ctx)
		}
		if err != nil {
			return nil, err
		}
		if p, ok := e.primed.Get(f.origin()); ok { // from Keep, or a flight that has just ended
			return p, nil
		}
		p, err := e.Prime(ctx, f.Header, text)
		if err == nil {
			e.primed.Add(f.origin(), p, 1)
		}
		return p, err
	})
}

// Keep makes the state behind c, a first chunk that was decoded with Keeps set, what the primed
// chunks of its frame start from. That of a method other than mix has none: there, Primed reads its
// bytes.
func (e *Engine) Keep(f *Frame, c *Chunk) {
	if c.primed != nil {
		e.primed.Add(f.origin(), c.primed, 1)
		c.primed = nil
	}
}

// Prime gives the state that reading text leaves, for chunks of the frame that h begins.
func (e *Engine) Prime(ctx context.Context, h *format.Header, text []byte) (*coder.Primed, error) {
	var primed *coder.Primed
	t := &Task{Run: func(l *coder.Lane) (err error) {
		primed, err = coder.Prime(l.Context(), h.Level, h.ChunkSize, text)
		return err
	}}
	e.submit(t, Shape{Lanes: 1})
	e.Kick()
	if err := t.Wait(ctx); err != nil {
		return nil, err
	}
	return primed, nil
}

// Reset makes the Engine ready for another archive, with the workers that it has and the state
// behind a dictionary. Chunks that were not released are forgotten.
func (e *Engine) Reset() {
	e.mu.Lock()
	busy := e.pool != nil && !e.pool.Idle()
	e.mu.Unlock()
	if busy || e.opts.Limited {
		e.Close()
	}
	e.primed.Keep(func(o origin) bool { return o.start < 0 })
	e.clear()
}

// Close stops all goroutines and frees the sessions. What has not been decoded ends with ErrClosed.
// The Engine can be used again.
func (e *Engine) Close() {
	e.stop(ErrClosed)
	e.spare.Drop()
	e.primed.Clear()
}

// Rest stops the goroutines and frees the sessions behind the end of an archive, but keeps the
// tables for the next one.
func (e *Engine) Rest() { e.stop(nil) }

// stop ends the pool: what has been submitted is decoded if err is nil.
func (e *Engine) stop(err error) {
	e.mu.Lock()
	p := e.pool
	e.pool = nil
	e.mu.Unlock()
	switch {
	case p == nil:
		return
	case err == nil:
		p.Close()
	default:
		p.Abort(err)
	}
	if e.opts.Limited {
		e.spare.Drop()
		runtime.GC() // else the tables of the next workers would be made beside those of the last
	}
}
