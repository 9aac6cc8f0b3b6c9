package salvage

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/stream"
)

// Verify makes sure that all of the archive of size bytes in r is as it was written, decodes, and
// agrees with its content. It returns nil, a *DamageError, the reason why something could not be
// decoded, or what Recover returns. It takes the memory of a stream.Reader, as long as nothing is
// wrong.
func Verify(ctx context.Context, r io.ReaderAt, size int64, o Options) error {
	if good, err := verify(ctx, r, size, o); good || err != nil {
		return err
	}
	o.Text = nil // has been written as far as it is good
	x, err := Recover(ctx, r, size, o)
	switch {
	case err != nil:
		return err
	case !x.Intact():
		return &DamageError{x}
	}
	return x.Undecoded
}

// verify says whether all is good. What else it may be, it does not find out.
func verify(ctx context.Context, r io.ReaderAt, size int64, o Options) (good bool, err error) {
	v := &recoverer{Recovery: &Recovery{}, r: &notedReader{r: r}, end: size, ctx: ctx, opts: o}
	w := &walker{v: v, scan: format.NewScanner(io.NewSectionReader(v.r, 0, size))}
	c := &checker{v: v, chunks: w.next}
	repaired := false
	opts := append(v.readerOptions(), stream.WithNotice(func(error) { repaired = true }))
	z, err := stream.NewReader(io.NewSectionReader(v.r, 0, size), o.Models, opts...)
	if err != nil {
		return false, v.failure(c)
	}
	_, err = z.WriteTo(c)
	if err = errors.Join(err, z.Close()); err != nil {
		return false, v.failure(c)
	}
	_, more := w.next()
	c.endFrame()
	return !more && !repaired && w.err == io.EOF && len(v.Repaired) == 0, nil
}

// walker lists the chunks of an archive, a group at a time, with their filters.
type walker struct {
	v     *recoverer
	scan  *format.Scanner
	frame *foundFrame // nil: the next one is to be read
	queue []placed
	err   error // io.EOF: all of them have been listed
}

var errDisagrees = errors.New("salvage: an auxiliary record disagrees with its chunks")

func (w *walker) next() (p placed, ok bool) {
	for len(w.queue) == 0 && w.err == nil {
		w.err = w.fill()
	}
	if len(w.queue) > 0 {
		p, w.queue, ok = w.queue[0], w.queue[1:], true
	}
	return p, ok
}

// fill lists a group of chunks.
func (w *walker) fill() error {
	if w.frame == nil {
		h, err := w.scan.NextFrame()
		if err != nil {
			return err
		}
		w.frame = &foundFrame{h: h, start: w.scan.Start}
	}
	f, first, at := w.frame, w.frame.next, w.scan.In.Off
	for f.next < first+format.GroupSize {
		c, err := w.scan.NextChunk()
		if err == io.EOF {
			w.frame = nil
			break
		}
		if err == nil {
			err = w.scan.Hop(w.v.r, w.v.end, c)
		}
		if err != nil {
			return err
		}
		at = w.scan.In.Off
		e := &entry{number: f.next, chunk: c, offset: c.Offset, size: at - c.Offset}
		w.queue = append(w.queue, placed{frame: f, entry: e, number: f.next})
		if f.next++; f.next == 1 {
			if err := w.parity(e); err != nil {
				return err
			}
		}
	}
	if f.next > first {
		f.entries = f.entries[:0]
	}
	for f.next > first {
		e, err := w.auxiliary(at, f.next)
		if err != nil {
			return err
		}
		if e == nil {
			break
		}
		f.entries = append(f.entries, e)
		at += e.size
	}
	if f.next > first {
		w.queue[0].group = w.v.filters(f, first)
	}
	return nil
}

// parity compares the parity of a chunk, if it has one, with it.
func (w *walker) parity(e *entry) error {
	aux, err := w.auxiliary(e.offset+e.size, 1)
	if err != nil || aux == nil || !format.IsParity(aux.kind) {
		return err
	}
	both := make([]byte, e.size+aux.size)
	if _, err := w.v.r.ReadAt(both, e.offset); err != nil && err != io.EOF {
		return err
	}
	if !bytes.Equal(format.AppendParity(nil, aux.kind, both[:e.size]), both[e.size:]) {
		return errDisagrees
	}
	return nil
}

// auxiliary reads the auxiliary record at off, in front of chunk n; nil: there is none.
func (w *walker) auxiliary(off, n int64) (*entry, error) {
	var tag [1]byte
	if _, err := w.v.r.ReadAt(tag[:], off); err != nil && err != io.EOF || tag[0] != format.TagAuxiliary {
		return nil, w.v.failure(nil)
	}
	e, wrong, err := w.v.record(w.frame, off, n)
	if wrong != nil {
		return nil, errDisagrees
	}
	return e, err
}
