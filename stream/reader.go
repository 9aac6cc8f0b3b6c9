package stream

import (
	"context"
	"io"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/lmz-go/lmz/internal/format"
)

// linger is how long a Reader that waits for a chunk lets others arrive to be decoded with it. It bears on speed only.
const linger = 20 * time.Millisecond

// Reader reads an archive. It belongs to one goroutine at a time.
type Reader struct {
	opts   *readerOptions
	models modelCache
	header Header
	source *source
	ctx    context.Context // of the goroutines
	cancel context.CancelFunc
	items  chan item     // nil: no reading ahead
	ended  chan struct{} // closed when nothing reads ahead any more; nil: it has not begun

	current *decodeTask // whose bytes are being given out
	unread  []byte      // of current
	err     error       // sticky
}

// NewReader makes a Reader of the archive that r gives. It reads the header of the first frame and, if that names a model,
// gets it from models, which may be nil, and probes it. It returns ErrNotArchive, ErrUnsupportedVersion, ErrTruncated,
// ErrCorrupt, a *ModelMismatchError, codec.ErrNoModel, or what r and models return.
//
// The Reader reads r ahead of what it gives out, and gives out all whole chunks in front of an error; errors of a chunk are
// *ChunkError. Close must be called.
func NewReader(r io.Reader, models ModelSource, opts ...ReaderOption) (*Reader, error) {
	o, err := newReaderOptions(opts)
	if err != nil {
		return nil, err
	}
	z := &Reader{opts: o, models: modelCache{source: models}}
	if err := z.Reset(r); err != nil {
		return nil, err
	}
	return z, nil
}

// Reset makes the Reader read another archive, as NewReader would with the same models and options.
func (z *Reader) Reset(r io.Reader) error {
	z.Close()
	if err := context.Cause(z.opts.ctx); err != nil {
		return err
	}
	*z = Reader{opts: z.opts, models: z.models}
	z.ctx, z.cancel = context.WithCancel(z.opts.ctx)
	z.source = &source{scan: format.NewScanner(r), models: &z.models, opts: z.opts, memory: semaphore.NewWeighted(z.opts.limit)}
	z.source.scan.Notice = z.opts.notice
	h, err := z.source.nextFrame(z.ctx)
	if err != nil {
		z.fail(err)
		return err
	}
	z.header = *h
	if n := z.opts.workers * z.opts.lanes; n > 1 {
		z.items = make(chan item, 2*n)
	}
	return nil
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
		n += int64(put)
		if err == nil && put < len(z.unread) {
			err = io.ErrShortWrite
		}
		z.unread = z.unread[put:]
		if err != nil {
			return n, err
		}
	}
}

// fill makes sure that there are bytes to give out.
func (z *Reader) fill() error {
	for len(z.unread) == 0 && z.err == nil {
		if z.current != nil {
			z.source.release(z.current)
			z.current = nil
		}
		it := z.next()
		switch {
		case it.err != nil:
			z.fail(it.err)
		case it.header != nil:
			z.header = *it.header
		default:
			if err := it.task.wait(); err != nil {
				if z.ctx.Err() == nil {
					err = &ChunkError{Index: int(it.task.chunk.Number), Offset: it.task.chunk.Offset, Err: err}
				}
				z.fail(err)
				break
			}
			z.current, z.unread = it.task, it.task.raw
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
		go z.readAhead(z.items, z.ended)
	}
	select {
	case it := <-z.items:
		return it
	case <-z.ctx.Done():
		return item{err: context.Cause(z.ctx)}
	}
}

// readAhead is the goroutine that reads the archive.
func (z *Reader) readAhead(items chan<- item, ended chan<- struct{}) {
	ctx, source := z.ctx, z.source
	defer close(ended)
	defer source.close(ctx)
	for {
		it := source.step(ctx)
		if it.err != nil && source.pool != nil {
			source.pool.kick()
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

// wait waits until the chunk is decoded. Where that does not begin because too few chunks have arrived, it soon does.
func (t *task) wait() error {
	select {
	case <-t.done:
		return t.err
	default:
	}
	timer := time.NewTimer(linger)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
		t.pool.kick()
		<-t.done
	}
	return t.err
}

// fail makes err what all later calls return, and stops decoding.
func (z *Reader) fail(err error) {
	z.err = err
	z.cancel()
}

// Close stops all goroutines and frees the sessions. It waits for a Read of the underlying reader that is under way, unless the
// context has ended. It does not close the underlying reader, or the models.
func (z *Reader) Close() error {
	if z.source == nil {
		return nil
	}
	z.cancel()
	if z.ended == nil {
		z.source.close(z.ctx)
	} else {
		select {
		case <-z.ended:
		case <-z.opts.ctx.Done():
		}
	}
	z.source, z.current, z.unread, z.err = nil, nil, nil, ErrClosed
	return nil
}
