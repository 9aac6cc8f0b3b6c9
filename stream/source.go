package stream

import (
	"context"
	"fmt"
	"io"

	"golang.org/x/sync/semaphore"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/kvcache"
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
	model  codec.Model
	window kvcache.Policy // the pool's
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
	if m != s.model || h.Window != s.window {
		s.close(ctx)
	}
	s.header, s.model, s.window = h, m, h.Window
	return h, nil
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
	params := codec.Params{Window: s.window}
	t.run = func(l *codec.Lane) error { return t.decode(l, params) }
	s.pool.submit(&t.task)
	return item{task: t}
}

// admit waits until there is room for one more chunk.
func (s *source) admit(ctx context.Context, c *chunk) (*decodeTask, error) {
	t := &decodeTask{chunk: c, cost: 2*int64(c.raw) + int64(c.chunkHeader.payload)}
	if t.cost > s.opts.limit {
		return nil, &ChunkError{int(c.number), c.offset, fmt.Errorf("%w: it takes %d bytes, the limit is %d", ErrTooLarge, t.cost, s.opts.limit)}
	}
	if s.pool == nil {
		s.pool = newPool(ctx, s.model, s.window.Window, s.opts.workers, s.opts.lanes)
		s.pool.slots = semaphore.NewWeighted(int64(2 * s.pool.concurrency()))
	}
	if err := s.pool.slots.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return t, s.memory.Acquire(ctx, t.cost)
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
}
