package stream

import (
	"context"
	"fmt"
	"io"

	"golang.org/x/sync/semaphore"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// item is what a source gives: one of its fields.
type item struct {
	header *Header // a new frame begins
	task   *decodeTask
	err    error // io.EOF, or what is wrong after everything before
}

// source reads an archive ahead of its consumer and submits the chunks for decoding.
type source struct {
	scan   *scanner
	models *modelCache
	opts   *readerOptions
	memory *semaphore.Weighted

	header *Header
	pool   *pool // of the current frame; nil until it has a chunk
	model  lm.Model
	window kvcache.Policy // the pool's
	level  int            // the pool's
	sized  *Header        // that the pool's number of workers was found for
	held   int64          // of the memory, by tables of the pool
	states bool           // held includes what chunks start from
	dict   []byte         // that the frame's chunks start from
	first  *decodeTask    // chunk 0 of a frame whose others start from it
	primed *codec.Primed  // what they start from, once it is needed
}

// nextFrame reads a header and opens the model that it names.
func (s *source) nextFrame(ctx context.Context) (*Header, error) {
	h, err := s.scan.nextFrame()
	if err != nil {
		return nil, err
	}
	m, err := s.models.open(ctx, h)
	if err != nil {
		return nil, err
	}
	if m != s.model || h.Window != s.window || h.Level != s.level || s.opts.limited && s.pool != nil && needsMore(h, s.sized) {
		s.close(ctx)
	}
	s.header, s.model, s.window, s.level = h, m, h.Window, h.Level
	s.dict, s.first, s.primed = nil, nil, nil
	if h.Primer == PrimerDictionary {
		if s.opts.dictionaries == nil {
			return nil, fmt.Errorf("%w: SHA-256 %x", ErrNoDictionary, h.Dict)
		}
		if s.dict, err = s.opts.dictionaries(ctx, h.Dict); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// prime gives what the frame's primed chunks start from. It waits for the first chunk if that is the primer.
func (s *source) prime(ctx context.Context) (primed *codec.Primed, err error) {
	if s.primed != nil {
		return s.primed, nil
	}
	text := s.dict
	if s.first != nil {
		if err := s.first.wait(); err != nil {
			return nil, fmt.Errorf("it depends on the frame's first chunk: %w", err)
		}
		s.primed, text = s.first.primed, s.first.raw
	}
	if s.primed == nil {
		s.primed, err = codec.Prime(ctx, s.level, s.header.ChunkSize, text)
	}
	return s.primed, err
}

// step reads the next item. It blocks while too many chunks, or too many bytes of them, wait for the consumer.
func (s *source) step(ctx context.Context) item {
	c, err := s.scan.nextChunk()
	if err == io.EOF {
		h, err := s.nextFrame(ctx)
		return item{header: h, err: err}
	}
	if err != nil {
		return item{err: err}
	}
	t, err := s.admit(ctx, c)
	if err == nil {
		err = s.scan.payload(c)
	}
	if err != nil {
		return item{err: err}
	}
	params := codec.Params{Window: s.window, Level: s.level}
	if c.primed {
		if params.Primed, err = s.prime(ctx); err != nil {
			return item{err: &ChunkError{int(c.number), c.offset, err}}
		}
	} else if c.number == 0 && s.header.Primer == PrimerFirstChunk {
		t.primes, s.first, params.Later = true, t, s.header.ChunkSize
	}
	t.run = func(l *codec.Lane) error { return t.decode(l, params) }
	s.pool.submit(&t.task)
	return item{task: t}
}

// admit waits until there is room for one more chunk.
func (s *source) admit(ctx context.Context, c *chunk) (*decodeTask, error) {
	t := &decodeTask{chunk: c, cost: 2*int64(c.raw) + int64(c.chunkHeader.payload)}
	workers, tables := s.opts.fit(s.header)
	need, states := t.cost, int64(0)
	if s.pool == nil {
		need += tables
	}
	if c.primed && !s.states && tables > 0 {
		states = primerTables * LevelMemory(s.level)
		need += states
	}
	if need > s.opts.limit-s.held {
		return nil, &ChunkError{int(c.number), c.offset, fmt.Errorf("%w: it takes %d bytes, the limit is %d", ErrTooLarge, need+s.held, s.opts.limit)}
	}
	if s.pool == nil {
		s.pool = newPool(ctx, s.model, s.window.Window, workers, lanesFor(s.level, s.opts.lanes))
		s.pool.slots = semaphore.NewWeighted(int64(2 * s.pool.concurrency()))
		s.sized = s.header
	}
	if err := s.pool.slots.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if err := s.memory.Acquire(ctx, need); err != nil {
		return nil, err
	}
	s.held += need - t.cost
	s.states = s.states || states > 0
	return t, nil
}

// release makes room when the consumer is done with a chunk.
func (s *source) release(t *decodeTask) {
	s.memory.Release(t.cost)
	t.pool.slots.Release(1)
}

// close finishes what has been submitted, unless ctx has ended, and stops the goroutines that decode.
func (s *source) close(ctx context.Context) {
	if s.pool == nil {
		return
	}
	if ctx.Err() != nil {
		s.pool.abort()
	} else {
		s.pool.close()
	}
	s.pool = nil
	s.memory.Release(s.held)
	s.held, s.states = 0, false
}
