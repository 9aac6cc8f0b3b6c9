package stream

import (
	"context"
	"fmt"
	"runtime"
)

// WriterOption is an option of NewWriter.
type WriterOption interface{ writer(*writerOptions) error }

// ReaderOption is an option of NewReader and Open.
type ReaderOption interface{ reader(*readerOptions) error }

// Option is an option of all of them.
type Option interface {
	WriterOption
	ReaderOption
}

type (
	writerOption func(*writerOptions) error
	readerOption func(*readerOptions) error
	option       func(*shared) error
)

func (f writerOption) writer(o *writerOptions) error { return f(o) }
func (f readerOption) reader(o *readerOptions) error { return f(o) }
func (f option) writer(o *writerOptions) error       { return f(&o.shared) }
func (f option) reader(o *readerOptions) error       { return f(&o.shared) }

// shared is what options of both kinds set.
type shared struct {
	workers, lanes int
	ctx            context.Context
}

func sharedDefaults() shared {
	return shared{workers: runtime.GOMAXPROCS(0), lanes: 8, ctx: context.Background()}
}

// WithWorkers sets how many goroutines code chunks, 1 … 4096: GOMAXPROCS by default.
func WithWorkers(n int) Option {
	return option(func(o *shared) error {
		o.workers = n
		return positive("workers", n)
	})
}

// WithLanes sets how many chunks each worker steps through the model together, 1 … 4096: 8 by
// default. It changes no byte, and a reader need not have what the writer had. A model of a fixed
// number of lanes, an lm.Fixed, has as many.
func WithLanes(n int) Option {
	return option(func(o *shared) error {
		o.lanes = n
		return positive("lanes", n)
	})
}

// WithContext makes calls fail with the context's cause when it ends: context.Background by
// default. Archive.WithContext sets that of single calls.
func WithContext(ctx context.Context) Option {
	return option(func(o *shared) error {
		if ctx == nil {
			return fmt.Errorf("stream: the context is nil, want context.Background() where none can end")
		}
		o.ctx = ctx
		return nil
	})
}

func positive(what string, n int) error {
	if n < 1 || n > 4096 {
		return fmt.Errorf("stream: %d %s, want 1 to 4096", n, what)
	}
	return nil
}
