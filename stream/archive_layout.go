package stream

import (
	"fmt"
	"io"
	"slices"
)

// layOut finds the frames of the archive, from its end as far as there are indexes, and the rest from its front.
func (a *Archive) layOut(size int64) error {
	var last []*archiveFrame // from the end
	memory := int64(0)
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
		frames, err := ReadIndex(a.r, size)
		if len(frames) == 0 {
			return err
		}
		for _, f := range frames {
			a.frames = append(a.frames, a.listedFrame(f))
		}
		if err != nil {
			// What comes behind belongs at a place that cannot be known.
			a.short, last = err, nil
		}
	}
	a.frames = append(a.frames, last...)
	for _, f := range a.frames {
		f.raw, f.lines = a.total.raw, a.total.lines
		t := f.total()
		if f.err != nil {
			f.err = &LostError{f.raw, t.raw, f.err}
		}
		a.total.offset, a.total.raw, a.total.lines = t.offset, a.total.raw+t.raw, a.total.lines+t.lines
		if a.total.raw > maxContent {
			return fmt.Errorf("%w: content of more than %d bytes", ErrTooLarge, int64(maxContent))
		}
		for i := range f.listed {
			f.listed[i].linesBefore += f.lines
		}
	}
	return nil
}

// maxContent is the most bytes that sums of are made.
const maxContent = 1 << 62

// frameBefore gives the frame that ends at end, if its index says so, and how many bytes of memory it takes, at most limit;
// nil if there is none. The header of a frame may be unreadable, which becomes the frame's error.
func (a *Archive) frameBefore(end, limit int64) (*archiveFrame, int64, error) {
	t, err := readTail(a.r, end, limit)
	if err != nil || t == nil {
		return nil, 0, err
	}
	f := &archiveFrame{start: t.start, chunks: t.total.chunks}
	s := newScanner(io.NewSectionReader(a.r, t.start, t.index-t.start))
	s.in.off = t.start
	f.header, err = s.nextFrame()
	if err == nil {
		f.groups, err = t.places(f.header.ChunkSize, s.in.off)
	}
	if err != nil {
		f.err = fmt.Errorf("frame at byte %d: %w", t.start, err)
		f.groups = []place{{t.start, 0, 0}, {t.index, t.total.raw, t.total.lines}}
	}
	return f, t.memory() + frameMemory, nil
}

// frameMemory is about what a frame takes, in bytes, beyond its groups.
const frameMemory = 512

// listedFrame makes a frame of what was found by reading it all.
func (a *Archive) listedFrame(l Frame) *archiveFrame {
	if l.Repaired != nil {
		a.notice(l.Offset, l.Repaired)
	}
	if l.Indexed {
		if f, _, err := a.frameBefore(l.Offset+l.Size, a.opts.limit); err == nil && f != nil && f.err == nil {
			return f
		}
	}
	f := &archiveFrame{header: &l.Header, start: l.Offset, chunks: int64(len(l.Chunks)), listed: []located{}}
	var at place
	for i, c := range l.Chunks {
		at.offset = c.Offset
		if i%groupSize == 0 {
			f.groups = append(f.groups, at)
		}
		f.listed = append(f.listed, located{Chunk: c, number: int64(i), linesBefore: at.lines})
		at = place{c.Offset + c.Size, at.raw + c.RawSize, at.lines + c.Lines}
	}
	at.offset = l.Offset + l.Size
	f.groups = append(f.groups, at)
	return f
}
