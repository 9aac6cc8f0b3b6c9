package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"github.com/lmz-go/lmz/codec"
)

var (
	_ io.ReaderAt   = (*Archive)(nil)
	_ io.ReadSeeker = (*Archive)(nil)
	_ io.WriterTo   = (*Archive)(nil)
)

// Archive gives any part of what an archive holds. It decodes the chunks that are asked for, and what these start from, and
// nothing else.
//
// ReadAt, LineOffset and the other methods may be called concurrently; Read, Seek and WriteTo share a position and belong to
// one goroutine at a time.
type Archive struct {
	r      io.ReaderAt
	opts   *readerOptions
	frames []*archiveFrame
	total  place // behind the last frame
	short  error // why the content ends there; nil: it is the end of the archive
	pos    int64 // of Read and Seek, in the content

	ctx        context.Context
	cancel     context.CancelCauseFunc
	room       int64               // the most bytes of chunks that are being decoded: the limit, less the tables that count
	memory     *semaphore.Weighted // of these
	decoders   *decoders
	models     modelSet
	flights    singleflight.Group       // of chunks and primers
	chunks     *cache[int64, []byte]    // by the offset of the record
	groups     *cache[int64, []located] // by the offset of the first record
	primers    *cache[int64, *codec.Primed]
	noticed    sync.Map       // offsets of the frames whose damage was told of
	background sync.WaitGroup // goroutines whose result nobody may wait for

	mu     sync.RWMutex // held for reading while a method runs, for writing by Close
	closed bool
}

// groupsKept is how many groups of chunk headers an Archive keeps. primersKept is the same for the states that the chunks
// of a frame start from, each of which takes as much memory as a decoder.
const (
	groupsKept  = 1024
	primersKept = 2
)

// Open opens the archive of size bytes in r for reading anywhere in its content. r must stay open until Close, and must allow
// concurrent calls. models may be nil, and is called when a frame that names a model is read first.
//
// Open reads the footer and the index of each frame. Where there is none, because the archive was cut off or is being
// written, it reads all records from the archive's front: what is whole can be read, and Err says what is missing. It
// returns the errors of NewReader for an archive of which nothing can be read. Options are those of NewReader, of which
// lanes have no use here, and WithCache. WithMemoryLimit bounds the chunks that are being decoded, the index, and the
// memory that WriteTo and long reads take for chunks that are ready before it is their turn, each.
func Open(r io.ReaderAt, size int64, models ModelSource, opts ...ReaderOption) (*Archive, error) {
	o, err := newReaderOptions(opts)
	if err != nil {
		return nil, err
	}
	if err := context.Cause(o.ctx); err != nil {
		return nil, err
	}
	a := &Archive{
		r: r, opts: o, models: modelSet{source: models},
		chunks: newCache[int64, []byte](o.cache), groups: newCache[int64, []located](groupsKept),
		primers: newCache[int64, *codec.Primed](primersKept),
	}
	if err := a.layOut(size); err != nil {
		return nil, err
	}
	a.fit()
	a.ctx, a.cancel = context.WithCancelCause(o.ctx)
	return a, nil
}

// Size is the number of bytes that can be read.
func (a *Archive) Size() int64 { return a.total.raw }

// Lines is the number of line ends in them.
func (a *Archive) Lines() int64 { return a.total.lines }

// Err says why the content ends where it does if the archive does not end there: ErrTruncated, or ErrCorrupt and the like.
// Reading gives this error in place of io.EOF.
func (a *Archive) Err() error { return a.short }

// ReadAt fills p with what the archive holds from the offset on. Behind the bytes in front of it, a chunk that cannot be decoded
// gives a *LostError with a *ChunkError; others are not affected.
func (a *Archive) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("stream: offset %d", off)
	}
	if err := a.enter(); err != nil {
		return 0, err
	}
	defer a.mu.RUnlock()
	return a.readAt(p, off)
}

func (a *Archive) readAt(p []byte, off int64) (n int, err error) {
	to := min(off+int64(len(p)), a.Size())
	if off < to && a.opts.workers > 1 {
		// One chunk needs no goroutine.
		if s, err := a.find(off); err == nil && to <= s.RawOffset+s.RawSize {
			raw, err := a.chunk(s, true)
			if err != nil {
				return 0, err
			}
			n, off = copy(p, raw[off-s.RawOffset:]), to
		}
	}
	if off < to {
		err = a.visit(a.spots(off, to), true, func(s spot, raw []byte, err error) error {
			if err == nil {
				n += copy(p[n:], raw[off+int64(n)-s.RawOffset:])
			}
			return err
		})
	}
	if err == nil && n < len(p) {
		err = a.end()
	}
	return n, err
}

// end is the error behind the last byte.
func (a *Archive) end() error {
	if a.short != nil {
		return a.short
	}
	return io.EOF
}

// LineOffset is where line n, counted from 0, begins: behind as many line ends. It returns io.EOF for a line behind the last
// line end and what follows it, or the error that Err gives, and decodes at most one chunk.
func (a *Archive) LineOffset(n int64) (int64, error) {
	switch {
	case n < 0:
		return 0, fmt.Errorf("stream: line %d", n)
	case n > a.Lines():
		return 0, a.end()
	}
	if err := a.enter(); err != nil {
		return 0, err
	}
	defer a.mu.RUnlock()
	if n == 0 {
		return 0, nil
	}
	s, err := a.findLine(n)
	if err != nil {
		return 0, err
	}
	raw, err := a.chunk(s, true)
	if err != nil {
		return 0, err
	}
	return s.RawOffset + lineStart(raw, n-s.linesBefore), nil
}

// enter lets a method begin unless the Archive is closed. The caller must unlock a.mu.
func (a *Archive) enter() error {
	a.mu.RLock()
	if a.closed {
		a.mu.RUnlock()
		return ErrClosed
	}
	return nil
}

// Close ends reads that are under way with ErrClosed, waits for them and for all goroutines, and frees the sessions. It does
// not close what is read from, or the models.
func (a *Archive) Close() error {
	a.cancel(ErrClosed)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.background.Wait()
	a.closed = true
	a.chunks.clear()
	a.groups.clear()
	a.primers.clear()
	return a.decoders.close()
}

// chunk gives the decoded bytes of a chunk, which the caller must not change. Concurrent calls for one chunk decode it once.
func (a *Archive) chunk(s spot, keep bool) ([]byte, error) {
	if raw, ok := a.chunks.get(s.Offset); ok {
		return raw, nil
	}
	v, err, _ := a.flights.Do("chunk "+strconv.FormatInt(s.Offset, 10), func() (any, error) {
		if raw, ok := a.chunks.get(s.Offset); ok { // since a flight that has just ended
			return raw, nil
		}
		raw, err := a.decode(s)
		if err == nil && keep {
			a.chunks.add(s.Offset, raw, int64(len(raw)))
		}
		return raw, err
	})
	raw, _ := v.([]byte)
	var at *ChunkError
	if errors.As(err, &at) {
		err = &LostError{s.RawOffset, s.RawSize, err}
	}
	return raw, err
}

func (a *Archive) decode(s spot) ([]byte, error) {
	if s.damage != nil {
		return nil, s.damage
	}
	if s.number == 0 && s.frame.primes() {
		if _, raw, err := a.primer(s.frame); err != nil || raw != nil {
			return raw, err
		}
	}
	t := decodeTask{}
	if err := a.runTask(&t, s); err != nil {
		return nil, err
	}
	return t.raw, nil
}

// runTask reads and decodes a chunk into t. Its errors are *ChunkError.
func (a *Archive) runTask(t *decodeTask, s spot) error {
	fail := func(err error) error {
		if a.ctx.Err() != nil {
			return context.Cause(a.ctx)
		}
		return &ChunkError{int(s.number), s.Offset, err}
	}
	f := s.frame
	model, err := a.models.open(a.ctx, f.header)
	if err != nil {
		return err
	}
	params := codec.Params{Window: f.header.Window, Level: f.header.Level}
	if f.header.Primer == PrimerFirstChunk && s.number == 0 {
		params.Later = f.header.ChunkSize
	}
	if s.Primed {
		switch p := f.header.Primer; {
		case p == PrimerNone || p == PrimerFirstChunk && s.number == 0:
			return fail(fmt.Errorf("%w: chunk depends on a primer, the frame has none", ErrCorrupt))
		case p == PrimerDictionary:
			if params.Primed, _, err = a.primer(f); err != nil {
				return err
			}
		default:
			if params.Primed, _, err = a.primer(f); err != nil {
				var first *ChunkError
				if errors.As(err, &first) {
					err = first.Err
				}
				return fail(fmt.Errorf("it depends on the frame's first chunk: %w", err))
			}
		}
	}
	t.cost = 2*s.RawSize + s.Size
	if t.cost > a.room {
		return fail(fmt.Errorf("%w: it takes %d bytes, the limit is %d", ErrTooLarge, t.cost+a.opts.limit-a.room, a.opts.limit))
	}
	if err := a.memory.Acquire(a.ctx, t.cost); err != nil {
		return context.Cause(a.ctx)
	}
	defer a.memory.Release(t.cost)
	if t.chunk, err = a.readChunk(s); err != nil {
		return err
	}
	err = a.decoders.run(a.ctx, model, f.header.Window.Window, func(l *codec.Lane) error { return t.decode(l, params) })
	t.chunk.payload = nil
	if err != nil {
		return fail(err)
	}
	return nil
}

// primer gives what the primed chunks of a frame start from, and the first chunk if that is it and was decoded for this.
func (a *Archive) primer(f *archiveFrame) (*codec.Primed, []byte, error) {
	if p, ok := a.primers.get(f.start); ok {
		return p, nil, nil
	}
	type result struct {
		primed *codec.Primed
		raw    []byte
	}
	v, err, _ := a.flights.Do("primer "+strconv.FormatInt(f.start, 10), func() (any, error) {
		if p, ok := a.primers.get(f.start); ok {
			return result{p, nil}, nil
		}
		var r result
		text, err := a.dictionary(f)
		if err == nil && text == nil {
			t := decodeTask{primes: true}
			var s spot
			if s, err = a.spot(f, 0); err == nil {
				err = a.runTask(&t, s)
			}
			if err == nil {
				a.chunks.add(s.Offset, t.raw, int64(len(t.raw)))
			}
			r, text = result{t.primed, t.raw}, t.raw
		}
		if err == nil && r.primed == nil {
			err = a.decoders.run(a.ctx, nil, 0, func(*codec.Lane) (err error) {
				r.primed, err = codec.Prime(a.ctx, f.header.Level, f.header.ChunkSize, text)
				return err
			})
		}
		if err == nil {
			a.primers.add(f.start, r.primed, 1)
		}
		return r, err
	})
	r, _ := v.(result)
	return r.primed, r.raw, err
}

// dictionary finds that of a frame; nil: it has none.
func (a *Archive) dictionary(f *archiveFrame) ([]byte, error) {
	if f.header.Primer != PrimerDictionary {
		return nil, nil
	}
	if a.opts.dictionaries == nil {
		return nil, fmt.Errorf("%w: SHA-256 %x", ErrNoDictionary, f.header.Dict)
	}
	return a.opts.dictionaries(a.ctx, f.header.Dict)
}

// notice tells of damage that was repaired, once for each frame.
func (a *Archive) notice(frame int64, damage error) {
	if _, told := a.noticed.LoadOrStore(frame, true); !told && a.opts.notice != nil {
		a.opts.notice(damage)
	}
}
