package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/stream"
)

// damage is what is wrong with an archive, and how much of it is good.
type damage struct {
	recovery  *stream.Recovery
	losses    []stream.Loss // also those that decoding finds
	good      int64         // bytes of content that can be decoded
	undecoded error         // why it is not known whether what is intact can be decoded; nil: it is
}

// survey finds all damage of an archive, and writes what can be decoded to w.
func (r *reading) survey(ctx context.Context, src *file.Source, w io.Writer) (*damage, error) {
	x, err := stream.Recover(src, src.Size())
	if err != nil {
		return nil, err
	}
	d := &damage{recovery: x, losses: slices.Clone(x.Losses)}
	if x.Size() == 0 {
		return d, nil
	}
	undecodable, good, err := r.readAround(ctx, x, w)
	if d.good = good; err != nil {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		d.undecoded = err
	}
	for _, l := range undecodable {
		l.RawOffset, l.Line = d.place(l.RawOffset, l.Line)
		d.losses = append(d.losses, l)
	}
	slices.SortStableFunc(d.losses, func(a, b stream.Loss) int { return cmp.Compare(a.Offset, b.Offset) })
	return d, nil
}

// place is where what the recovered archive has at an offset was in the content before.
func (d *damage) place(offset, line int64) (int64, int64) {
	for _, l := range d.recovery.Losses {
		if l.RawOffset < 0 || l.RawSize < 0 {
			return -1, -1
		}
		if l.RawOffset > offset {
			break
		}
		offset, line = offset+l.RawSize, line+l.Lines
	}
	return offset, line
}

// readAround writes what an archive without damage holds to w. Chunks that cannot be decoded nevertheless are left out and
// listed, with their place in that archive.
func (r *reading) readAround(ctx context.Context, x *stream.Recovery, w io.Writer) (bad []stream.Loss, good int64, err error) {
	frames, err := stream.ReadIndex(x, x.Size())
	if err != nil {
		return nil, 0, err
	}
	z, err := stream.Open(x, x.Size(), r.findModel, r.options(ctx, nil)...)
	if err != nil {
		return nil, 0, err
	}
	defer z.Close()
	chunks, line := map[int64]stream.Chunk{}, map[int64]int64{}
	lines := int64(0)
	for _, f := range frames {
		for _, c := range f.Chunks {
			chunks[c.Offset], line[c.Offset] = c, lines
			lines += c.Lines
		}
	}
	for at := int64(0); at < z.Size(); {
		n, err := z.WriteRange(w, at, z.Size()-at)
		at, good = at+n, good+n
		var wrong *stream.ChunkError
		if err == nil || !errors.As(err, &wrong) || !errors.Is(err, stream.ErrCorrupt) {
			if err != nil {
				return bad, good, err
			}
			continue
		}
		c, ok := chunks[wrong.Offset]
		if !ok || c.RawOffset != at {
			return bad, good, err
		}
		bad = append(bad, stream.Loss{
			Offset: c.Offset, Size: c.Size, Chunk: int64(wrong.Index), Chunks: 1, RawOffset: c.RawOffset, RawSize: c.RawSize,
			Line: line[c.Offset], Lines: c.Lines, Err: wrong.Err,
		})
		at += c.RawSize
	}
	return bad, good, nil
}

// counts are the numbers of chunks that are bad, and of all; more says that there may be more.
func (d *damage) counts() (bad, all int64, more bool) {
	for _, l := range d.losses {
		bad += max(l.Chunks, 1)
		more = more || l.Chunks < 0
	}
	all = d.recovery.Chunks
	for _, l := range d.recovery.Losses {
		all += max(l.Chunks, 1)
	}
	return bad, all, more
}

// bytes is how much of the content is lost; -1: it cannot be known.
func (d *damage) bytes() (n int64) {
	for _, l := range d.losses {
		if l.RawSize < 0 {
			return -1
		}
		n += l.RawSize
	}
	return n
}

// summary says how much is bad.
func (d *damage) summary() string {
	bad, all, more := d.counts()
	least := ""
	if more {
		least = "at least "
	}
	text := fmt.Sprintf("%s%d of %d chunks %s bad", least, bad, all, map[bool]string{true: "is", false: "are"}[bad == 1 && !more])
	if n := d.bytes(); n >= 0 {
		text += fmt.Sprintf(", %d bytes", n)
	}
	return text
}

// describe names the chunks of a loss, and says where in the content they were.
func describe(l stream.Loss) string {
	var text string
	switch {
	case l.Chunks == 1:
		text = fmt.Sprintf("chunk %d", l.Chunk)
	case l.Chunks > 1:
		text = fmt.Sprintf("chunks %d to %d", l.Chunk, l.Chunk+l.Chunks-1)
	default:
		text = fmt.Sprintf("what follows chunk %d", l.Chunk-1)
		if l.Chunk == 0 {
			text = "a frame"
		}
	}
	text += fmt.Sprintf(" at byte %d (", l.Offset)
	switch {
	case l.RawOffset >= 0 && l.RawSize >= 0:
		text += ordinals("byte", l.RawOffset, l.RawSize) + ", " + ordinals("line", l.Line+1, max(l.Lines, 1))
	case l.RawSize >= 0:
		text += fmt.Sprintf("%d bytes, %d lines, where is not known", l.RawSize, l.Lines)
	case l.RawOffset >= 0:
		text += fmt.Sprintf("from byte %d, line %d on, how much is not known", l.RawOffset, l.Line+1)
	default:
		text += "where and how much is not known"
	}
	return text + " of the content)"
}

// ordinals names a range by its first and last, such as "lines 3 to 5".
func ordinals(what string, first, n int64) string {
	if n == 1 {
		return fmt.Sprintf("%s %d", what, first)
	}
	return fmt.Sprintf("%ss %d to %d", what, first, first+n-1)
}
