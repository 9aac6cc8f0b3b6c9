// Package salvage says of a damaged archive what is lost, and saves the rest.
//
// Recover walks through all of an archive, with or without its indexes, and believes only what
// checks: records that are damaged, missing or not where they belong cost themselves, and a damaged
// primer that its parity cannot restore all chunks that start from it. Then it decodes what is
// left, and leaves out what does not decode. What disagrees with the content - counts of lines,
// filters, indexes, parity - is made anew. Verify does the same and only says what it found.
package salvage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/stream"
)

// Options say how an archive is decoded.
type Options struct {
	Models       stream.ModelSource                                         // nil: none
	Dictionaries func(ctx context.Context, sha256 [32]byte) ([]byte, error) // nil: none
	Reader       []stream.ReaderOption                                      // workers, memory
	Text         io.Writer                                                  // gets what decodes
}

// Recover finds all of the archive of size bytes in r that is intact and decodes. A frame of which
// that cannot be known, since its model or dictionary is not at hand or it takes too much memory,
// is kept as far as its checks hold, and Undecoded says so.
//
// It returns stream.ErrNotArchive or stream.ErrTruncated if there is no frame at all, and otherwise
// only errors of r, of Options.Text, and of ctx.
func Recover(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Recovery, error) {
	v, list, err := scan(ctx, r, size, o)
	if err == nil {
		err = v.decode(list)
	}
	if err == nil && v.changed {
		_, err = v.assemble()
	}
	return v.result(err)
}

// Open is stream.Open for who goes on behind damage. Where an archive cannot be followed to its
// end, such as behind a frame that was cut off in a record, or from its beginning, the Archive is of
// all that checks, if that is more, and the Recovery tells what is lost; else it is nil. What does
// not decode is found when it is read. Places in its content are counted without what is lost. r
// must stay open until Close.
func Open(ctx context.Context, r io.ReaderAt, size int64, o Options) (*stream.Archive, *Recovery, error) {
	v := &recoverer{ctx: ctx, opts: o}
	a, broken := stream.Open(r, size, o.Models, v.readerOptions()...)
	if broken == nil {
		broken = a.Err()
	}
	if broken == nil || errors.Is(broken, stream.ErrUnfinished) { // which is at the end
		return a, nil, nil
	}
	if a == nil && !slices.ContainsFunc([]error{stream.ErrCorrupt, stream.ErrTruncated, stream.ErrNotArchive},
		func(damage error) bool { return errors.Is(broken, damage) }) {
		return nil, nil, broken
	}
	more, x, err := v.open(r, size)
	switch {
	case a == nil && more == nil:
		return nil, nil, broken
	case a == nil:
		return more, x, nil
	case err != nil:
		a.Close()
		return nil, nil, err
	case more == nil:
		return a, nil, nil
	case more.Size() > a.Size():
		return more, x, a.Close()
	}
	return a, nil, more.Close()
}

// open opens the archive of all that checks; nil: nothing does.
func (v *recoverer) open(r io.ReaderAt, size int64) (*stream.Archive, *Recovery, error) {
	found, _, err := scan(v.ctx, r, size, v.opts)
	x, err := found.result(err)
	if err != nil || x.Size() == 0 {
		return nil, nil, err
	}
	a, err := stream.Open(x, x.Size(), v.opts.Models, v.readerOptions()...)
	return a, x, err
}

func (v *recoverer) result(err error) (*Recovery, error) {
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(v.Losses, func(a, b Loss) int { return cmp.Compare(a.Offset, b.Offset) })
	return v.Recovery, nil
}

// scan finds what checks, puts it together, and lists its chunks.
func scan(ctx context.Context, r io.ReaderAt, size int64, o Options) (*recoverer, []placed, error) {
	in := &notedReader{r: r}
	v := &recoverer{Recovery: &Recovery{}, r: in, end: size, known: true, ctx: ctx, opts: o, work: restoreWork}
	for v.pos < size {
		if err := v.frame(); err != nil {
			return nil, nil, err
		}
	}
	if !slices.ContainsFunc(v.frames, func(f *foundFrame) bool { return f.h != nil }) {
		var head [len(format.HeaderMagic)]byte
		n, _ := in.ReadAt(head[:], 0)
		if size == 0 {
			return nil, nil, fmt.Errorf("%w: the input is empty", stream.ErrTruncated) // as readers say
		}
		if string(head[:n]) == format.HeaderMagic[:n] {
			return nil, nil, fmt.Errorf("%w: there is no whole header", stream.ErrTruncated)
		}
		return nil, nil, stream.ErrNotArchive
	}
	for _, f := range v.frames {
		if f.h == nil {
			v.settleLost(f)
			continue
		}
		if err := v.restore(f); err != nil {
			return nil, nil, err
		}
		v.settle(f)
	}
	list, err := v.assemble()
	return v, list, err
}

// recoverer walks through a damaged archive.
type recoverer struct {
	*Recovery
	r    *notedReader
	end  int64 // of the damaged archive
	pos  int64 // up to where it has been looked through
	ctx  context.Context
	opts Options
	work int64 // bytes of records in which wrong bytes may be looked for

	tries int // places where a damaged header has been looked for

	frames     []*foundFrame
	raw, lines int64 // of the content as it was, in front of pos
	known      bool  // whether these two are
	changed    bool  // since what was found was put together
	lost       []lost
}

// foundFrame is what has been found of a frame.
type foundFrame struct {
	h          *format.Header // nil: it is lost, up to pos
	start      int64
	headerSize int64
	mended     []byte // header, if it had to be made anew
	pos        int64
	next       int64 // number of the chunk that is expected
	entries    []*entry
	first      *entry       // that is a chunk; nil: there is none
	index      format.Index // as it should be, as long as nothing is lost
	tail       *format.Tail // nil: no index
	broken     error        // why not; nil: there is nothing where it should be
	zeroed     bool         // its end is zeros, so that those behind it may be no padding
}

// entry is a chunk of a frame, an auxiliary record, or a gap.
type entry struct {
	number int64          // of the chunk, or of the next one
	chunk  *format.Record // nil: not a chunk
	aux    bool
	offset int64
	size   int64 // bytes of the record, or of the gap

	dropped   bool // does not decode
	recounted bool // its lines, or sums, were wrong

	// Of an auxiliary record:
	kind   uint64
	wrong  bool   // it is not about what is in front of it
	mended []byte // what it should be

	// Of a gap:
	count      int64 // chunks; -1: not known
	claim      bool  // the head of the only chunk is legible, and says:
	raw, lines int64
	err        error
}

// frame recovers the frame at pos, or looks for the next one.
func (v *recoverer) frame() error {
	if err := v.passPadding(); err != nil || v.pos == v.end {
		return err
	}
	start := v.pos
	h, size, err := v.header(start)
	if err == nil && h == nil && start > 0 {
		// A footer that was cut off in front of another frame took the byte that both have.
		if h, size, err = v.header(start - 1); h != nil {
			start--
			v.Repaired = append(v.Repaired, fmt.Errorf("%w: the footer in front of the frame at byte %d", stream.ErrTruncated, start))
		}
	}
	var mended []byte
	if err == nil && h == nil {
		h, mended, err = v.mendHeader(start)
		size = int64(len(mended))
	}
	if mended != nil {
		// A header that was cut off in front of another frame may look as if its last byte were
		// wrong.
		within := start + size + int64(len(format.HeaderMagic))
		next, err := v.findHeader(start+1, min(within, v.end))
		if err != nil {
			return err
		}
		if next < min(within, v.end) {
			h = nil
		}
	}
	if err != nil {
		return err
	}
	if h == nil {
		return v.lostFrame()
	}
	if mended != nil {
		v.Repaired = append(v.Repaired, fmt.Errorf("%w: the header of the frame at byte %d; a byte of it was restored by its checksum", stream.ErrCorrupt, start))
	}
	f := &foundFrame{h: h, start: start, headerSize: size, mended: mended, pos: start + size, index: format.NewIndex(h)}
	for done := false; !done; {
		if done, err = v.step(f); err != nil {
			return err
		}
		if err := context.Cause(v.ctx); err != nil {
			return err
		}
	}
	v.pos = f.pos
	v.frames = append(v.frames, f)
	return nil
}

// passPadding passes over zeros between frames, if a header or the end follows.
func (v *recoverer) passPadding() error {
	if len(v.frames) == 0 || v.frames[len(v.frames)-1].h == nil || v.frames[len(v.frames)-1].zeroed {
		return nil
	}
	var block [32 << 10]byte
	for at := v.pos; ; {
		n, err := v.r.ReadAt(block[:min(int64(len(block)), v.end-at)], at)
		if err != nil && err != io.EOF {
			return err
		}
		zeros := 0
		for zeros < n && block[zeros] == 0 {
			zeros++
		}
		if at += int64(zeros); zeros == n && at < v.end && n > 0 {
			continue
		}
		if at == v.end {
			v.pos = at
		} else if h, _, err := v.header(at); h != nil || err != nil {
			v.pos = at
			return err
		}
		return nil
	}
}

// notedReader keeps an error of the archive's reader, since what is decoded through it may have
// other reasons to fail.
type notedReader struct {
	r      io.ReaderAt
	failed atomic.Pointer[error]
}

func (n *notedReader) ReadAt(p []byte, off int64) (int, error) {
	got, err := n.r.ReadAt(p, off)
	if err != nil && err != io.EOF {
		n.failed.CompareAndSwap(nil, &err)
	}
	return got, err
}
