package stream

import (
	"context"
	"fmt"
	"sync"

	"github.com/lmz-go/lmz/internal/engine"
)

type readerOptions struct {
	shared
	limit        int64
	limited      bool // the limit was asked for
	cache        int64
	dictionaries engine.Dictionaries
	notice       func(error)
	models       ModelSource
	twins        sync.Pool // of *Reader, for DecodeAll
}

func newReaderOptions(opts []ReaderOption) (*readerOptions, error) {
	o := &readerOptions{shared: sharedDefaults(), limit: defaultMemoryLimit, cache: defaultCache}
	for _, opt := range opts {
		if err := opt.reader(o); err != nil {
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

// WithMemoryLimit sets how many bytes may be taken at a time to read and decode chunks, at least 1.
// A chunk counts twice its raw size and its payload; the tables of codec.Mix and codec.BWT, of 25
// MiB at level 1 to 600 MiB at level 9, count for each worker, and those of codec.Mix, of 6 MiB at
// level 1, twice more for what chunks start from; the model does not count. Fewer workers are used,
// and fewer chunks are decoded at a time, to stay below it; ErrTooLarge is returned where one
// worker and one chunk alone need more.
//
// Without it, the limit is 1 GiB, and the tables come on top.
func WithMemoryLimit(bytes int64) ReaderOption {
	return readerOption(func(o *readerOptions) error {
		if bytes < 1 {
			return fmt.Errorf("stream: memory limit of %d bytes, want at least 1", bytes)
		}
		o.limit, o.limited = bytes, true
		return nil
	})
}

// WithCache sets how many bytes of decoded chunks an Archive keeps for later reads, 0 or more: 64
// MiB by default. The chunk that was decoded last is kept in any case. A Reader has no use for it.
func WithCache(bytes int64) ReaderOption {
	return readerOption(func(o *readerOptions) error {
		if bytes < 0 {
			return fmt.Errorf("stream: cache of %d bytes, want 0 or more", bytes)
		}
		o.cache = bytes
		return nil
	})
}

// WithDictionaries sets what finds the dictionaries that archives were written with, by the SHA-256
// of their bytes: nothing by default. It returns an error that wraps ErrNoDictionary for one that
// it does not know.
func WithDictionaries(find func(ctx context.Context, sha256 [32]byte) ([]byte, error)) ReaderOption {
	return readerOption(func(o *readerOptions) error {
		o.dictionaries = find
		return nil
	})
}

// WithNotice sets what is told of damage that was repaired: a *ChunkError, while the Reader goes
// on. It may be called from another goroutine.
func WithNotice(told func(error)) ReaderOption {
	return readerOption(func(o *readerOptions) error {
		o.notice = told
		return nil
	})
}
