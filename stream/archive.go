package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/engine"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/lm"
)

var (
	_ io.ReaderAt   = (*Archive)(nil)
	_ io.ReadSeeker = (*Archive)(nil)
	_ io.WriterTo   = (*Archive)(nil)
)

// Archive gives any part of what an archive holds. It is made by Open, and decodes the chunks that
// are asked for, and what these start from, and nothing else.
//
// ReadAt, LineOffset and the other methods may be called concurrently, also from the functions that
// they call, Close included; Read, Seek and WriteTo share a position and belong to one goroutine at
// a time.
type Archive struct {
	*archive
	ctx context.Context // of this view's calls
	pos int64           // of Read and Seek, in the content
}

// archive is what all views of an Archive share.
type archive struct {
	r      io.ReaderAt
	opts   *readerOptions
	frames []*archiveFrame
	total  format.Place // behind the last frame
	short  error        // why the content ends there; nil: it is the end of the archive

	base    context.Context // ends with Close
	cancel  context.CancelCauseFunc
	running sync.WaitGroup // goroutines that decode ahead
	engine  *engine.Engine
	flights engine.Flights[int64, []byte]   // of chunks
	heads   engine.Flights[head, []byte]    // of prefixes of chunks
	chunks  *engine.Cache[int64, []byte]    // by the offset of the record
	groups  *engine.Cache[int64, []located] // by the offset of the first record
	noticed sync.Map                        // offsets of the frames whose damage was told of
	calls   calls
}

// groupsKept is how many groups of chunk headers an Archive keeps. primersKept is the same for the
// states that the chunks of a frame start from, each of which takes as much memory as a decoder;
// with a limit that was asked for, it is one.
const (
	groupsKept  = 1024
	primersKept = 2
)

// Open opens the archive of size bytes in r for reading anywhere in its content. r must stay open
// until Close, and must allow concurrent calls. models may be nil, and is called when a frame that
// names a model is read first.
//
// Open reads the footer and the index of each frame. Where there is none, because the archive was
// cut off or is being written, it reads all records from the archive's front: what is whole can be
// read, and Err says what is missing. It returns the errors of NewReader for an archive of which
// nothing can be read. Options are those of NewReader, of which lanes have no use here, and
// WithCache. WithMemoryLimit bounds the chunks that are being decoded, the index, and the memory
// that WriteTo and long reads take for chunks that are ready before it is their turn, each.
func Open(r io.ReaderAt, size int64, models ModelSource, opts ...ReaderOption) (*Archive, error) {
	o, err := newReaderOptions(opts)
	if err != nil {
		return nil, err
	}
	if err := context.Cause(o.ctx); err != nil {
		return nil, err
	}
	if r == nil {
		return nil, errNoSource
	}
	if size < 0 {
		return nil, fmt.Errorf("stream: an archive of %d bytes", size)
	}
	a := &Archive{ctx: o.ctx, archive: &archive{
		r: r, opts: o,
		chunks: engine.NewCache[int64, []byte](o.cache), groups: engine.NewCache[int64, []located](groupsKept),
	}}
	if err := a.layOut(size); err != nil {
		return nil, err
	}
	a.base, a.cancel = context.WithCancelCause(o.ctx)
	a.ctx = a.base
	options := o.engine(func(ctx context.Context, id lm.ModelID) (m lm.Model, err error) {
		if models == nil {
			return nil, engine.NoModel(id)
		}
		a.calls.out(func() { m, err = models(ctx, id) })
		return m, err
	})
	if options.States = primersKept; o.limited {
		options.States = 1
	}
	a.engine = engine.New(a.base, options)
	var needs []engine.Needs
	for _, f := range a.frames {
		if f.header == nil {
			continue
		}
		n := engine.NeedsOf(f.header)
		if !n.Primes {
			n.Chunk = min(n.Chunk, f.total().Raw)
		}
		needs = append(needs, n)
	}
	a.engine.Reserve(needs)
	return a, nil
}

// WithContext gives a view of the Archive whose calls also end, with the context's cause, when ctx
// does; work that others may use goes on. The view has a position of its own, at the beginning.
// Closing any view closes the Archive.
func (a *Archive) WithContext(ctx context.Context) *Archive {
	return &Archive{archive: a.archive, ctx: ctx}
}

// Size is the number of bytes that can be read.
func (a *Archive) Size() int64 { return a.total.Raw }

// Lines is the number of line ends in them.
func (a *Archive) Lines() int64 { return a.total.Lines }

// Err says why the content ends where it does if the archive does not end there: ErrTruncated, or
// ErrCorrupt and the like. Reading gives this error in place of io.EOF.
func (a *Archive) Err() error { return a.short }

// ReadAt fills p with what the archive holds from the offset on. Behind the bytes in front of it, a
// chunk that cannot be decoded gives a *LostError with a *ChunkError; others are not affected.
func (a *Archive) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("stream: offset %d", off)
	}
	if err := a.enter(); err != nil {
		return 0, err
	}
	defer a.leave()
	return a.readAt(p, off)
}

func (a *Archive) readAt(p []byte, off int64) (n int, err error) {
	to := min(off+int64(len(p)), a.Size())
	if off < to && a.opts.workers > 1 {
		// One chunk needs no goroutine.
		if s, err := a.find(off); err == nil && to <= s.RawOffset+s.RawSize {
			s.want = to - s.RawOffset
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
				n += copy(p[n:], raw[min(off+int64(n)-s.RawOffset, int64(len(raw))):])
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

// LineOffset is where line n, counted from 0, begins: behind as many line ends. It returns io.EOF
// for a line behind the last line end and what follows it, or the error that Err gives, and decodes
// at most one chunk.
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
	defer a.leave()
	if n == 0 {
		return 0, nil
	}
	s, err := a.findLine(n)
	if err != nil {
		return 0, err
	}
	raw, err := a.chunkOfLine(s, n-s.linesBefore)
	if err != nil {
		return 0, err
	}
	return s.RawOffset + lineStart(raw, n-s.linesBefore), nil
}

// LineAt is the number of line ends in front of the byte at offset, which is at most Size: the
// reverse of LineOffset. It decodes at most one chunk, and none where a chunk or a frame begins,
// also a lost one.
func (a *Archive) LineAt(offset int64) (int64, error) {
	switch {
	case offset < 0 || offset > a.Size():
		return 0, fmt.Errorf("stream: offset %d in %d bytes", offset, a.Size())
	case offset == a.Size():
		return a.Lines(), nil
	}
	if err := a.enter(); err != nil {
		return 0, err
	}
	defer a.leave()
	s, err := a.find(offset)
	if s.frame != nil && offset == s.RawOffset {
		return s.linesBefore, nil
	}
	if err != nil {
		return 0, err
	}
	s.want = offset - s.RawOffset
	raw, err := a.chunk(s, true)
	if err != nil {
		return 0, err
	}
	return s.linesBefore + int64(bytes.Count(raw[:offset-s.RawOffset], []byte{'\n'})), nil
}

// enter lets a method begin unless the Archive is closed or the view's context has ended. The
// caller must leave.
func (a *Archive) enter() error {
	if err := context.Cause(a.ctx); err != nil && a.base.Err() == nil {
		return err
	}
	return a.calls.enter()
}

func (a *Archive) leave() {
	if a.calls.leave() {
		a.free()
	}
}

// Close ends calls that are under way with ErrClosed, waits for them and for all goroutines, and
// frees the sessions; for calls that wait for a function of the caller's to return, among them the
// one that calls Close, it does not wait: the last of them frees the sessions. Close does not close
// what is read from, or the models.
func (a *Archive) Close() error {
	a.cancel(ErrClosed)
	if a.calls.close() {
		a.free()
	}
	return nil
}

// free is called once, when no method runs any more.
func (a *Archive) free() {
	a.running.Wait()
	a.flights.Background.Wait()
	a.heads.Background.Wait()
	a.engine.Close()
	a.chunks.Clear()
	a.groups.Clear()
}

// chunk gives the decoded bytes of a chunk, or as many of them as are wanted, which the caller must
// not change. Concurrent calls for one chunk decode it once.
func (a *Archive) chunk(s spot, keep bool) ([]byte, error) {
	raw, err := a.prefix(a.ctx, s, keep)
	var at *ChunkError
	if errors.As(err, &at) {
		err = &LostError{s.RawOffset, s.RawSize, err}
	}
	return raw, err
}

// decoded gives a whole chunk, with its lead.
func (a *archive) decoded(ctx context.Context, s spot, keep bool) ([]byte, error) {
	if s.damage != nil { // where it would be, another record may begin
		return nil, s.damage
	}
	if raw, ok := a.chunks.Get(s.Offset); ok {
		return raw, context.Cause(ctx)
	}
	for {
		raw, err := a.flights.Do(ctx, a.base, s.Offset, func(ctx context.Context) ([]byte, error) {
			if raw, ok := a.chunks.Get(s.Offset); ok { // since a flight that has just ended
				return raw, nil
			}
			raw, err := a.decode(ctx, s)
			if err == nil && (keep || s.number == 0 && s.frame.primes()) {
				a.chunks.Add(s.Offset, raw, int64(len(raw)))
			}
			return raw, err
		})
		// It may have been another's flight, who wanted no more of the chunk.
		if err != errUnfinished || s.told != nil && s.told(nil) {
			return raw, err
		}
	}
}

// errUnfinished says that a chunk was not decoded to its end, since no more of it was wanted.
var errUnfinished = errors.New("chunk is not decoded to its end")

// decode reads and decodes a chunk, with its lead, or as much as is wanted of one that has none.
// What is wrong with it is a *ChunkError.
func (a *archive) decode(ctx context.Context, s spot) ([]byte, error) {
	fail := func(err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &ChunkError{Index: int(s.number), Offset: s.Offset, Err: err}
	}
	f, err := a.engine.Frame(ctx, s.frame.header, s.frame.start)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	primed, err := a.primed(ctx, f, s)
	if err != nil {
		return nil, err
	}
	c := &engine.Chunk{Keeps: s.number == 0 && s.frame.primes()}
	if err := a.engine.Admit(ctx, f, c, s.number, s.Lead+s.RawSize, s.Size, s.Primed); err != nil {
		return nil, fail(err)
	}
	defer a.engine.Release(c)
	if c.Record, err = a.readChunk(s); err != nil {
		return nil, err
	}
	if c.Enough = s.told; s.want > 0 {
		c.Enough = func(right []byte) bool { return int64(len(right)) >= s.want }
	}
	a.engine.Submit(f, c, primed)
	a.engine.Kick()
	if err := c.Wait(ctx); err != nil { // the task may go on if ctx has ended
		return nil, fail(err)
	}
	switch {
	case s.want == 0 && int64(len(c.Raw)) < s.RawSize:
		return nil, errUnfinished
	case c.Keeps:
		a.engine.Keep(f, c)
	}
	if s.Lead > 0 {
		return c.Text, nil
	}
	return c.Raw, nil
}

// primed gives what a chunk starts from; nil: from nothing.
func (a *archive) primed(ctx context.Context, f *engine.Frame, s spot) (*coder.Primed, error) {
	if !s.Primed {
		return nil, nil
	}
	p := s.frame.header.Primer
	if p == format.PrimerNone || p == format.PrimerFirstChunk && s.number == 0 {
		err := fmt.Errorf("%w: chunk depends on a primer, the frame has none", ErrCorrupt)
		return nil, &ChunkError{Index: int(s.number), Offset: s.Offset, Err: err}
	}
	primed, err := a.engine.Primed(ctx, f, func(ctx context.Context) ([]byte, error) {
		first, err := a.spot(s.frame, 0)
		if err != nil {
			return nil, err
		}
		return a.decoded(ctx, first, true)
	})
	var first *ChunkError
	if errors.As(err, &first) && p == format.PrimerFirstChunk {
		err = &ChunkError{
			Index: int(s.number), Offset: s.Offset,
			Err: dependent(first.Err),
		}
	}
	return primed, err
}

// notice tells of damage that was repaired, once for each frame.
func (a *archive) notice(frame int64, damage error) {
	if _, told := a.noticed.LoadOrStore(frame, true); !told && a.opts.notice != nil {
		a.calls.out(func() { a.opts.notice(damage) })
	}
}
