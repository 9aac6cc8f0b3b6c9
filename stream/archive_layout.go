package stream

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/lmz-go/lmz/internal/format"
)

// layOut finds the frames of the archive, from its end as far as there are indexes, and the rest
// from its front.
func (a *archive) layOut(size int64) error {
	var last []*archiveFrame // from the end
	memory, end := int64(0), size
	for size > 0 {
		f, n, err := a.frameBefore(size, a.opts.limit-memory)
		if err != nil {
			return err
		}
		if f == nil {
			break
		}
		memory += n
		last = append(last, f)
		size = f.start
	}
	slices.Reverse(last)
	if size > 0 || len(last) == 0 {
		frames, err := format.ReadIndex(a.r, size)
		if err != nil && len(last) > 0 && (last[0].err != nil || !errors.Is(err, ErrUnfinished)) {
			// What comes behind belongs at a place that cannot be known, and need not begin where
			// its index says, if bytes were put into it or left out.
			last = nil
			frames, err = format.ReadIndex(a.r, end)
		}
		if len(frames) == 0 {
			return err
		}
		for _, f := range frames {
			a.frames = append(a.frames, a.listedFrame(f))
		}
		a.short = err
	}
	a.frames = append(a.frames, last...)
	for _, f := range a.frames {
		f.raw, f.lines = a.total.Raw, a.total.Lines
		t := f.total()
		if f.err != nil {
			f.err = &LostError{f.raw, t.Raw, f.err}
		}
		a.total.Offset, a.total.Raw, a.total.Lines = t.Offset, a.total.Raw+t.Raw, a.total.Lines+t.Lines
		if a.total.Raw > format.MaxContent {
			return fmt.Errorf("%w: content of more than %d bytes", ErrTooLarge, int64(format.MaxContent))
		}
		for i := range f.listed {
			f.listed[i].linesBefore += f.lines
		}
	}
	return nil
}

// frameBefore gives the frame that ends at end, if its index says so, and how many bytes of memory
// it takes, at most limit; nil if there is none. The header of a frame may be unreadable, which
// becomes the frame's error.
func (a *archive) frameBefore(end, limit int64) (*archiveFrame, int64, error) {
	t, err := format.ReadTail(a.r, end, limit)
	if err != nil || t == nil {
		return nil, 0, err
	}
	f := &archiveFrame{start: t.Start, chunks: t.Total.Chunks}
	s := format.NewScanner(io.NewSectionReader(a.r, t.Start, t.Index-t.Start))
	s.In.Off = t.Start
	f.header, err = s.NextFrame()
	if err == nil && f.header.Lone != t.Lone {
		err = fmt.Errorf("%w: the index is not that of such a frame", ErrCorrupt)
	}
	if err == nil {
		f.groups, err = t.Places(f.header.ChunkSize, s.In.Off)
	}
	if err != nil {
		f.err = fmt.Errorf("frame at byte %d: %w", t.Start, err)
		f.groups = []format.Place{{Offset: t.Start}, {Offset: t.Index, Raw: t.Total.Raw, Lines: t.Total.Lines}}
	}
	return f, t.Memory() + frameMemory, nil
}

// frameMemory is about what a frame takes, in bytes, beyond its groups.
const frameMemory = 512

// listedFrame makes a frame of what was found by reading it all.
func (a *archive) listedFrame(l Frame) *archiveFrame {
	if l.Repaired != nil {
		a.notice(l.Offset, l.Repaired)
	}
	if l.Indexed {
		if f, _, err := a.frameBefore(l.Offset+l.Size, a.opts.limit); err == nil && f != nil && f.err == nil {
			return f
		}
	}
	f := &archiveFrame{header: &l.Header, start: l.Offset, chunks: int64(len(l.Chunks)), listed: []located{}}
	var at format.Place
	for i, c := range l.Chunks {
		at.Offset = c.Offset
		if i%format.GroupSize == 0 {
			f.groups = append(f.groups, at)
		}
		f.listed = append(f.listed, located{Chunk: c, number: int64(i), linesBefore: at.Lines})
		at = format.Place{Offset: c.Offset + c.Size, Raw: at.Raw + c.RawSize, Lines: at.Lines + c.Lines}
	}
	at.Offset = l.Offset + l.Size
	f.groups = append(f.groups, at)
	return f
}
