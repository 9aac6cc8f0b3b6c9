package engine

import (
	"context"
	"sync"
)

// Flights makes each value once for all who ask for it at a time. Unlike with a mutex, who waits
// stops waiting when its context ends. Its methods may be called concurrently.
type Flights[K comparable, V any] struct {
	// Background counts the goroutines that go on when nobody waits any more.
	Background sync.WaitGroup

	mu   sync.Mutex
	byID map[K]*flight[V]
}

type flight[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// Do returns what fn returns, or what the call that is under way for the same key does. fn gets
// base, the context of all calls; it runs on the caller's goroutine if that is the caller's context
// as well.
func (f *Flights[K, V]) Do(ctx, base context.Context, key K, fn func(context.Context) (V, error)) (V, error) {
	f.mu.Lock()
	t := f.byID[key]
	if t == nil {
		if f.byID == nil {
			f.byID = map[K]*flight[V]{}
		}
		t = &flight[V]{done: make(chan struct{})}
		f.byID[key] = t
		f.mu.Unlock()
		if ctx == base {
			f.run(base, key, t, fn)
		} else {
			f.Background.Go(func() { f.run(base, key, t, fn) })
		}
	} else {
		f.mu.Unlock()
	}
	select {
	case <-t.done:
		return t.value, t.err
	case <-ctx.Done():
	}
	select {
	case <-t.done: // with the reason why ctx has ended, or just in time
		return t.value, t.err
	default:
		var none V
		return none, context.Cause(ctx)
	}
}

// run lands the flight also when fn panics: others must not wait for ever.
func (f *Flights[K, V]) run(base context.Context, key K, t *flight[V], fn func(context.Context) (V, error)) {
	t.err = ErrClosed
	defer func() {
		f.mu.Lock()
		delete(f.byID, key)
		f.mu.Unlock()
		close(t.done)
	}()
	t.value, t.err = fn(base)
}
