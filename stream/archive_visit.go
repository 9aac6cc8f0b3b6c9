package stream

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync/atomic"

	"github.com/lmz-go/lmz/internal/format"
)

// spots gives the chunks that hold the content from one offset to another, in order.
func (a *Archive) spots(from, to int64) iter.Seq2[spot, error] {
	return func(yield func(spot, error) bool) {
		for from < to {
			s, err := a.find(from)
			if s.want = 0; to < s.RawOffset+s.RawSize {
				s.want = to - s.RawOffset
			}
			if !yield(s, err) || err != nil {
				return
			}
			from = s.RawOffset + s.RawSize
		}
	}
}

// arrival is a chunk that is being decoded.
type arrival struct {
	spot   spot
	raw    []byte
	err    error
	prefix chan []byte // the longest that is known to be right
	given  int64       // bytes of the longest that do has got
	done   chan struct{}
}

// visit decodes chunks in parallel and gives them, or their errors, to do in order, on the caller's
// goroutine, up to the first error that do returns, which ends all decoding. What do gets must not
// be changed. keep says whether the chunks may be wanted again.
//
// Before it gets a chunk, or an error, do may get prefixes of it, each longer than the one before,
// as they are known to be right. What is lost of a chunk is what is behind them.
func (a *Archive) visit(spots iter.Seq2[spot, error], keep bool, do func(spot, []byte, error) error) error {
	next, stop := iter.Pull2(spots)
	defer stop()
	var over atomic.Bool
	defer over.Store(true)
	ahead := 2 * a.opts.workers
	if a.opts.workers == 1 {
		ahead = 1
	}
	var queue []*arrival
	var waiting int64 // bytes of memory for the chunks in queue
	var held *arrival // for which there was no room
	for more := true; ; {
		for more && len(queue) < ahead {
			in := held
			if held = nil; in == nil {
				s, err, ok := next()
				if more = ok; !ok {
					break
				}
				in = &arrival{spot: s, err: err}
			}
			if in.err == nil && len(queue) > 0 && waiting+in.spot.memory() > a.opts.limit {
				held = in
				break
			}
			waiting += in.spot.memory()
			queue = append(queue, in)
			if in.err == nil && (ahead > 1 || in.spot.RawSize > format.SumEvery) {
				a.begin(in, keep, &over)
			}
		}
		if len(queue) == 0 {
			return nil
		}
		in := queue[0]
		queue[0], queue = nil, queue[1:]
		waiting -= in.spot.memory()
		switch {
		case in.done != nil:
			if err := a.await(in, do); err != nil {
				return err
			}
		case in.err == nil:
			in.raw, in.err = a.chunk(in.spot, keep)
		}
		var lost *LostError
		if in.given > 0 && errors.As(in.err, &lost) {
			in.err = &LostError{lost.Offset + in.given, lost.Size - in.given, lost.Err}
		}
		if err := do(in.spot, in.raw, in.err); err != nil {
			return err
		}
		if in.spot.RawSize >= largeChunk && !keep {
			runtime.GC() // as a Reader does
		}
		if a.ctx.Err() != nil { // as well, whatever is decoded already
			return context.Cause(a.ctx)
		}
	}
}

// memory is what a chunk may take until it is given to its consumer.
func (s *spot) memory() int64 { return 2*s.RawSize + s.Size }

// await waits for a chunk, and gives its prefixes to do.
func (a *Archive) await(in *arrival, do func(spot, []byte, error) error) error {
	for {
		select {
		case <-in.done:
			return nil
		case <-a.ctx.Done():
			return context.Cause(a.ctx)
		case prefix := <-in.prefix:
			in.given = int64(len(prefix))
			if err := do(in.spot, prefix, nil); err != nil {
				return err
			}
			if a.ctx.Err() != nil { // do may have closed the archive
				return context.Cause(a.ctx)
			}
		}
	}
}

// begin decodes a chunk on a goroutine of its own, unless all is over.
func (a *Archive) begin(in *arrival, keep bool, over *atomic.Bool) {
	in.done, in.prefix = make(chan struct{}), make(chan []byte, 1)
	known := 0
	in.spot.told = func(right []byte) bool {
		if len(right) > known {
			known = len(right)
			select {
			case <-in.prefix: // a shorter one
			default:
			}
			in.prefix <- right
		}
		return over.Load()
	}
	a.running.Go(func() {
		defer close(in.done)
		if !over.Load() {
			in.raw, in.err = a.chunk(in.spot, keep)
		}
	})
}
