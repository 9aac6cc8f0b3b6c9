package stream

import (
	"context"
	"iter"
	"sync/atomic"
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
	spot spot
	raw  []byte
	err  error
	done chan struct{}
}

// visit decodes chunks in parallel and gives them, or their errors, to do in order, on the caller's
// goroutine, up to the first error that do returns. What do gets must not be changed. keep says
// whether the chunks may be wanted again.
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
	var waiting int64 // bytes of the chunks in queue
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
			if in.err == nil && len(queue) > 0 && waiting+in.spot.RawSize > a.opts.limit {
				held = in
				break
			}
			waiting += in.spot.RawSize
			queue = append(queue, in)
			if in.err == nil && ahead > 1 {
				a.begin(in, keep, &over)
			}
		}
		if len(queue) == 0 {
			return nil
		}
		in := queue[0]
		queue = queue[1:]
		waiting -= in.spot.RawSize
		switch {
		case in.done != nil:
			select {
			case <-in.done:
			case <-a.ctx.Done():
				return context.Cause(a.ctx)
			}
		case in.err == nil:
			in.raw, in.err = a.chunk(in.spot, keep)
		}
		if err := do(in.spot, in.raw, in.err); err != nil {
			return err
		}
		if a.ctx.Err() != nil { // do may have closed the archive, whatever is decoded already
			return context.Cause(a.ctx)
		}
	}
}

// begin decodes a chunk on a goroutine of its own, unless all is over.
func (a *Archive) begin(in *arrival, keep bool, over *atomic.Bool) {
	in.done = make(chan struct{})
	a.running.Go(func() {
		defer close(in.done)
		if !over.Load() {
			in.raw, in.err = a.chunk(in.spot, keep)
		}
	})
}
