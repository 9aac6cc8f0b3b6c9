package stream

import (
	"context"
	"fmt"
	"runtime"

	"github.com/lmz-go/lmz/internal/engine"
	"github.com/lmz-go/lmz/internal/preset"
)

// ReaderOption sets an option of NewReader and Open.
type ReaderOption func(*readerOptions) error

type readerOptions struct {
	workers, lanes int
	limit          int64
	limited        bool // the limit was asked for
	cache          int64
	dictionaries   Dictionaries
	notice         func(error)
	ctx            context.Context
}

func newReaderOptions(opts []ReaderOption) (*readerOptions, error) {
	o := &readerOptions{workers: runtime.GOMAXPROCS(0), lanes: DefaultLanes, limit: DefaultMemoryLimit, cache: DefaultCache, ctx: context.Background()}
	for _, opt := range opts {
		if err := opt(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// engine is the options of one that decodes for them.
func (o *readerOptions) engine(models ModelSource) engine.Options {
	return engine.Options{
		Workers: o.workers, Lanes: o.lanes, Limit: o.limit, Limited: o.limited, States: 1,
		Models: models, Dictionaries: o.dictionaries,
	}
}

// LevelMemory is about what the tables of codec.Mix take at a level, 1 … 9, in bytes: for each worker, and once more for the
// state that chunks start from.
func LevelMemory(level int) int64 { return preset.Level(level).Memory }

// WithReaderWorkers sets how many goroutines decode chunks, 1 … 4096: GOMAXPROCS by default.
func WithReaderWorkers(n int) ReaderOption {
	return func(o *readerOptions) error {
		o.workers = n
		return positive("workers", n)
	}
}

// WithReaderLanes sets how many chunks each worker steps through the model together, 1 … 4096: DefaultLanes by default. It need
// not be what the Writer had.
func WithReaderLanes(n int) ReaderOption {
	return func(o *readerOptions) error {
		o.lanes = n
		return positive("lanes", n)
	}
}

// WithMemoryLimit sets how many bytes may be taken at a time to read and decode chunks, at least 1. A chunk counts twice its raw
// size and its payload; the tables of codec.Mix count for each worker, and twice more for what chunks start from
// (LevelMemory); the model does not count. Fewer workers are used, and fewer chunks are decoded at a time, to stay below it;
// ErrTooLarge is returned where one worker and one chunk alone need more.
//
// Without it, the limit is DefaultMemoryLimit, and the tables come on top.
func WithMemoryLimit(bytes int64) ReaderOption {
	return func(o *readerOptions) error {
		if bytes < 1 {
			return fmt.Errorf("stream: memory limit of %d bytes, want at least 1", bytes)
		}
		o.limit, o.limited = bytes, true
		return nil
	}
}

// WithCache sets how many bytes of decoded chunks an Archive keeps for later reads, 0 or more: DefaultCache by default. The
// chunk that was decoded last is kept in any case. A Reader has no use for it.
func WithCache(bytes int64) ReaderOption {
	return func(o *readerOptions) error {
		if bytes < 0 {
			return fmt.Errorf("stream: cache of %d bytes, want 0 or more", bytes)
		}
		o.cache = bytes
		return nil
	}
}

// WithDictionaries sets where the Reader gets the dictionaries that archives were written with: nowhere by default.
func WithDictionaries(find Dictionaries) ReaderOption {
	return func(o *readerOptions) error {
		o.dictionaries = find
		return nil
	}
}

// WithNotice sets what is told of damage that was repaired: a *ChunkError, while the Reader goes on. It is called from another
// goroutine.
func WithNotice(told func(error)) ReaderOption {
	return func(o *readerOptions) error {
		o.notice = told
		return nil
	}
}

// WithReaderContext makes the Reader fail with the context's error when it ends: context.Background by default.
func WithReaderContext(ctx context.Context) ReaderOption {
	return func(o *readerOptions) error {
		o.ctx = ctx
		return nil
	}
}
