package stream

import (
	"context"
	"io"
	"runtime"

	"golang.org/x/sync/semaphore"

	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/engine"
	"github.com/lmz-go/lmz/internal/format"
)

// item is what a source gives: one of its fields.
type item struct {
	header *Header // a new frame begins
	chunk  *ahead
	err    error // io.EOF, or what is wrong after everything before
}

// ahead is a chunk that was read before the consumer wants it.
type ahead struct {
	engine.Chunk
	slots *semaphore.Weighted // of its frame
}

// source reads an archive ahead of its consumer and submits the chunks for decoding.
type source struct {
	scan   *format.Scanner
	engine *engine.Engine

	frame *engine.Frame
	slots *semaphore.Weighted // chunks of the frame that were admitted and not released
	first *ahead              // chunk 0 of a frame whose others start from it
}

// nextFrame reads a header and opens the model that it names, and finds the dictionary.
func (s *source) nextFrame(ctx context.Context) (*Header, error) {
	h, err := s.scan.NextFrame()
	if err != nil {
		return nil, err
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	f, err := s.engine.Frame(ctx, h, s.scan.Start)
	if err != nil {
		return nil, err
	}
	if _, err := s.engine.Dictionary(ctx, h); err != nil {
		return nil, err
	}
	s.engine.Next(h)
	s.frame, s.first = f, nil
	s.slots = semaphore.NewWeighted(int64(2 * s.engine.Concurrency(f)))
	return h, nil
}

// primed gives what a chunk starts from; nil: from nothing. It waits for the first chunk if that is
// the primer.
func (s *source) primed(ctx context.Context, r *format.Record) (*coder.Primed, error) {
	if !r.Primed {
		return nil, nil
	}
	return s.engine.Primed(ctx, s.frame, func(ctx context.Context) ([]byte, error) {
		if err := s.first.Wait(ctx); err != nil {
			return nil, dependent(err)
		}
		s.engine.Keep(s.frame, &s.first.Chunk)
		return s.first.Text, nil
	})
}

// step reads the next item. It blocks while too many chunks, or too many bytes of them, wait for
// the consumer.
func (s *source) step(ctx context.Context) item {
	r, err := s.scan.NextChunk()
	if err == io.EOF {
		h, err := s.nextFrame(ctx)
		return item{header: h, err: err}
	}
	if err != nil {
		return item{err: err}
	}
	fail := func(err error) item {
		return item{err: &ChunkError{Index: int(r.Number), Offset: r.Offset, Err: err}}
	}
	if s.slots.Acquire(ctx, 1) != nil {
		return item{err: context.Cause(ctx)}
	}
	c := &ahead{slots: s.slots}
	c.Record = r
	err = s.engine.Admit(ctx, s.frame, &c.Chunk, r.Number, int64(r.Lead+r.Raw), int64(r.RecordHeader.Payload), r.Primed)
	if err != nil && ctx.Err() == nil {
		return fail(err)
	}
	if err == nil {
		err = s.scan.Payload(r)
	}
	if err != nil {
		return item{err: err}
	}
	primed, err := s.primed(ctx, r)
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fail(err)
	}
	if r.Number == 0 && s.frame.Header.Primer == format.PrimerFirstChunk {
		c.Keeps, s.first = true, c
	}
	s.engine.Submit(s.frame, &c.Chunk, primed)
	return item{chunk: c}
}

// largeChunk is from how many bytes on a chunk is collected before the next one takes its room:
// there would be garbage of as much as the memory limit otherwise.
const largeChunk = 64 << 20

// release makes room when the consumer is done with a chunk.
func (s *source) release(c *ahead) {
	if !c.Keeps { // else the chunks behind it may have to be primed with it
		c.Text, c.Raw = nil, nil
	}
	if c.Record.Raw >= largeChunk {
		runtime.GC()
	}
	s.engine.Release(&c.Chunk)
	c.slots.Release(1)
}
