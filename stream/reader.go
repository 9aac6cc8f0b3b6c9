package stream

import (
	"context"
	"io"

	"github.com/lmz-go/lmz/internal/engine"
	"github.com/lmz-go/lmz/internal/format"
)

// Reader reads an archive. It is made by NewReader, and belongs to one goroutine at a time.
type Reader struct {
	opts   *readerOptions
	engine *engine.Engine
	header Header
	source *source         // nil: closed, or it could not be reset
	ctx    context.Context // of the goroutine that reads ahead
	cancel context.CancelFunc
	items  chan item     // nil: no reading ahead
	ended  chan struct{} // closed when nothing reads ahead any more; nil: it has not begun

	current *ahead // whose bytes are being given out
	unread  []byte // of current
	err     error  // sticky
}

// NewReader makes a Reader of the archive that r gives. It reads the header of the first frame and,
// if that names a model, gets it from models, which may be nil, and probes it. It returns
// ErrNotArchive, ErrUnsupportedVersion, ErrTruncated, ErrCorrupt, a *ModelMismatchError,
// codec.ErrNoModel, or what r and models return.
//
// The Reader reads r ahead of what it gives out, and gives out all whole chunks in front of an
// error; errors of a chunk are *ChunkError. Close must be called. With r nil, all that can be
// called is Reset, DecodeAll and Close.
func NewReader(r io.Reader, models ModelSource, opts ...ReaderOption) (*Reader, error) {
	o, err := newReaderOptions(opts)
	if err != nil {
		return nil, err
	}
	o.models = models
	z := &Reader{opts: o, engine: newEngine(o), err: errNoSource}
	if r == nil {
		return z, nil
	}
	if err := z.Reset(r); err != nil {
		z.Close()
		return nil, err
	}
	return z, nil
}

func newEngine(o *readerOptions) *engine.Engine {
	options := o.engine(o.models)
	options.Inline = o.ctx.Done() == nil // else who reads ahead may have to be left behind
	return engine.New(o.ctx, options)
}

// Reset makes the Reader read another archive, as NewReader would with the same models and options.
// The tables of workers are kept if the Reader had come to its end. After an error only Reset and
// Close may be called.
func (z *Reader) Reset(r io.Reader) error {
	z.stop()
	err := context.Cause(z.opts.ctx)
	if err == nil && r == nil {
		err = errNoSource
	}
	if err != nil {
		z.err = err
		return err
	}
	z.engine.Reset()
	*z = Reader{opts: z.opts, engine: z.engine}
	z.ctx, z.cancel = context.WithCancel(z.opts.ctx)
	z.source = &source{scan: format.NewScanner(r), engine: z.engine}
	z.source.scan.Notice = z.opts.notice
	h, err := z.first()
	if err != nil {
		z.fail(err)
		return err
	}
	z.header = *h
	// Room for what source admits of a frame: a model may want more lanes than the options say.
	n := max(z.opts.workers*z.opts.lanes, z.engine.Concurrency(z.source.frame))
	if n > 1 || z.opts.ctx.Done() != nil {
		z.items = make(chan item, 2*n)
	}
	return nil
}

// first reads the first header. Reading may block: where the context can end, a goroutine does it.
func (z *Reader) first() (*Header, error) {
	if z.opts.ctx.Done() == nil {
		return z.source.nextFrame(z.ctx)
	}
	source, ctx, got := z.source, z.ctx, make(chan item, 1)
	go func() {
		h, err := source.nextFrame(ctx)
		got <- item{header: h, err: err}
	}()
	select {
	case it := <-got:
		return it.header, it.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Header is that of the frame whose bytes were returned last, or of the first frame.
func (z *Reader) Header() Header { return z.header }

// Read gives decoded bytes, all of which have passed their checksum.
func (z *Reader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := z.fill(); err != nil {
		return 0, err
	}
	n = copy(p, z.unread)
	z.unread = z.unread[n:]
	return n, nil
}

// WriteTo writes what has not been read to w.
func (z *Reader) WriteTo(w io.Writer) (n int64, err error) {
	for {
		if err := z.fill(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		put, err := w.Write(z.unread)
		put, err = wrote(len(z.unread), put, err)
		n += int64(put)
		if z.unread = z.unread[put:]; err != nil {
			return n, err
		}
	}
}

// fill makes sure that there are bytes to give out.
func (z *Reader) fill() error {
	for len(z.unread) == 0 && z.err == nil {
		if c := z.current; c != nil {
			z.current, z.unread = nil, nil
			z.source.release(c)
		}
		it := z.next()
		switch {
		case it.err != nil:
			z.fail(it.err)
		case it.header != nil:
			z.header = *it.header
		default:
			if err := it.chunk.Wait(z.ctx); err != nil {
				if z.ctx.Err() == nil {
					err = &ChunkError{Index: int(it.chunk.Record.Number), Offset: it.chunk.Record.Offset, Err: err}
				}
				z.fail(err)
				break
			}
			z.current, z.unread = it.chunk, it.chunk.Raw
		}
	}
	if len(z.unread) > 0 {
		return nil
	}
	return z.err
}

// next gives the next item, in the order of the archive.
func (z *Reader) next() item {
	if z.ctx.Err() != nil {
		return item{err: context.Cause(z.ctx)}
	}
	if z.items == nil {
		return z.source.step(z.ctx)
	}
	if z.ended == nil {
		z.ended = make(chan struct{})
		go z.source.readAhead(z.ctx, z.items, z.ended)
	}
	select {
	case it := <-z.items:
		return it
	case <-z.ctx.Done():
		return item{err: context.Cause(z.ctx)}
	}
}

// readAhead is the goroutine that reads the archive.
func (s *source) readAhead(ctx context.Context, items chan<- item, ended chan<- struct{}) {
	defer close(ended)
	for {
		it := s.step(ctx)
		if it.err != nil {
			s.engine.Kick()
		}
		select {
		case items <- it:
		case <-ctx.Done():
			return
		}
		if it.err != nil {
			return
		}
	}
}

// fail makes err what all later calls return, and stops decoding.
func (z *Reader) fail(err error) {
	z.err = err
	z.cancel()
	if err == io.EOF {
		z.engine.Rest()
	} else {
		z.engine.Close()
	}
}

// Close stops all goroutines and frees the sessions. It waits for a Read of the underlying reader
// that is under way, unless the context has ended. It does not close the underlying reader, or the
// models.
func (z *Reader) Close() error {
	z.stop()
	z.engine.Close()
	z.err = ErrClosed
	return nil
}

// stop ends what is under way.
func (z *Reader) stop() {
	if z.source == nil {
		return
	}
	z.cancel()
	if z.ended != nil {
		select {
		case <-z.ended:
		case <-z.opts.ctx.Done():
		}
	}
	z.source, z.current, z.unread = nil, nil, nil
}
