package stream

import (
	"fmt"
	"io"
	"slices"

	"github.com/lmz-go/lmz/internal/format"
)

// salvageGroup gives the chunks of a group whose records cannot be walked through: those that are
// intact, and one with damage that stands for those that are not, and for all between them.
func (a *archive) salvageGroup(f *archiveFrame, g int) ([]located, error) {
	from, to := f.groups[g], f.groups[g+1]
	first := int64(g) * format.GroupSize
	end := first + min(format.GroupSize, f.chunks-first)
	if to.Offset-from.Offset > a.opts.limit {
		return []located{hole(f, from, to, first, end)}, nil
	}
	data := make([]byte, to.Offset-from.Offset)
	if n, err := a.r.ReadAt(data, from.Offset); err != nil && !(err == io.EOF && n == len(data)) {
		if err == io.EOF {
			data = data[:n]
		} else {
			return nil, err
		}
	}
	var found []located
	pos := 0
	if first == 0 {
		// The first chunk may be repaired.
		s := a.scanner(f, from.Offset, to.Offset, 0)
		c, err := s.NextChunk()
		if err == nil {
			err = s.Payload(c)
		}
		if err == nil {
			found = append(found, locate(c, s.In.Off))
			pos = int(s.In.Off - from.Offset)
		}
	}
	work := int64(len(data))*64 + 1<<20
	for next := first + int64(len(found)); next < end; next++ {
		r := format.FindRecord(data, pos, f.header.ChunkSize, next, end-1, &work)
		if r == nil {
			break
		}
		c := &format.Record{RecordHeader: r.RecordHeader, Number: r.Number, Offset: from.Offset + int64(r.At)}
		pos, next = r.At+r.Size, r.Number
		found = append(found, locate(c, from.Offset+int64(pos)))
	}
	return arrange(f, from, to, first, end, found, data), nil
}

// arrange puts the chunks of a group that were found where they belong: those in front of the first
// gap, and those behind the last one, since only what is missing in all is known. data are the
// group's records.
func arrange(f *archiveFrame, from, to format.Place, first, end int64, found []located, data []byte) []located {
	start, whole := from.Offset, hole(f, from, to, first, end)
	front, back := 0, len(found)
	for front < back && found[front].number == first+int64(front) {
		c := &found[front]
		c.RawOffset, c.linesBefore = f.raw+from.Raw, f.lines+from.Lines
		behind := data[min(int64(len(data)), c.Offset+c.Size-start):]
		from = format.Place{
			Offset: c.Offset + c.Size + int64(format.AuxiliarySize(behind)),
			Raw:    from.Raw + c.RawSize, Lines: from.Lines + c.Lines,
		}
		front++
	}
	for back > front && found[back-1].number == end-1-int64(len(found)-back) {
		back--
		c := &found[back]
		to = format.Place{Offset: c.Offset, Raw: to.Raw - c.RawSize, Lines: to.Lines - c.Lines}
		c.RawOffset, c.linesBefore = f.raw+to.Raw, f.lines+to.Lines
	}
	first, end = first+int64(front), end-int64(len(found)-back)
	raw, lines := to.Raw-from.Raw, to.Lines-from.Lines
	switch {
	case first == end && raw == 0 && lines == 0:
		return found
	case first == end || raw < end-first || lines < 0 || lines > raw:
		return []located{whole} // the sums are not those of these records
	}
	gap := hole(f, from, to, first, end)
	return slices.Concat(found[:front], []located{gap}, found[back:])
}

// hole is what stands for the chunks of a frame from one number to another, which cannot be found.
func hole(f *archiveFrame, from, to format.Place, first, end int64) located {
	reason := fmt.Errorf("%w: its record cannot be found", ErrCorrupt)
	if end-first > 1 {
		reason = fmt.Errorf("%w: it and the chunks up to %d cannot be found", ErrCorrupt, end-1)
	}
	return located{
		Chunk: Chunk{
			Offset: from.Offset, Size: to.Offset - from.Offset,
			RawOffset: f.raw + from.Raw, RawSize: to.Raw - from.Raw, Lines: to.Lines - from.Lines,
		},
		number: first, linesBefore: f.lines + from.Lines,
		damage: &ChunkError{Index: int(first), Offset: from.Offset, Err: reason},
	}
}

// locate describes a record that ends at end; where its content belongs is still open.
func locate(c *format.Record, end int64) located {
	return located{
		Chunk: Chunk{
			Offset: c.Offset, Size: end - c.Offset, RawSize: int64(c.Raw), Lines: int64(c.Lines), Lead: int64(c.Lead),
			Method: c.Method, CRC32C: c.CRC32C, Failed: c.Failed, Primed: c.Primed, Times: c.Times,
		},
		number: c.Number,
	}
}
