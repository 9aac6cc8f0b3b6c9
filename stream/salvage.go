package stream

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// foundRecord is an intact chunk record among other bytes.
type foundRecord struct {
	chunkHeader
	at, size int // in these bytes
	number   int64
}

// findRecord finds the first chunk record in data, at from or behind it, that is intact and has a number from low to high. One
// that is not where it is looked for counts only if another one, an index or the end of data follows. work is how many bytes may be summed up for it, and
// becomes less: data may be made to look like many records.
func findRecord(data []byte, from, chunkSize int, low, high int64, work *int64) *foundRecord {
	for at := from; at < len(data); at++ {
		tag := data[at]
		if tag&tagChunkMask != tagChunk {
			continue
		}
		in := bytes.NewReader(data[at+1:])
		h, err := readChunkHeader(in, tag, chunkSize)
		if err != nil || h.payload > in.Len() {
			continue
		}
		behind := len(data) - in.Len() + h.payload
		if at > from && behind < len(data) && data[behind]&tagChunkMask != tagChunk && data[behind] != tagAuxiliary && data[behind] != tagIndex {
			continue
		}
		if *work -= int64(behind - at); *work < 0 {
			return nil
		}
		head := len(data) - in.Len() - checkSize
		is := (h.check - chunkCheck(data[at:head], data[head+checkSize:behind], 0)) & checkMask
		number := low + int64((is-uint32(low))&checkMask)
		if number <= high {
			return &foundRecord{h, at, behind - at, number}
		}
	}
	return nil
}

// salvageGroup gives the chunks of a group whose records cannot be walked through: those that are intact, and one with damage that
// stands for those that are not, and for all between them.
func (a *Archive) salvageGroup(f *archiveFrame, g int) ([]located, error) {
	from, to := f.groups[g], f.groups[g+1]
	first := int64(g) * groupSize
	end := first + min(groupSize, f.chunks-first)
	if to.offset-from.offset > a.opts.limit {
		return []located{hole(f, from, to, first, end)}, nil
	}
	data := make([]byte, to.offset-from.offset)
	if n, err := a.r.ReadAt(data, from.offset); err != nil && !(err == io.EOF && n == len(data)) {
		if err == io.EOF {
			data = data[:n]
		} else {
			return nil, err
		}
	}
	var found []located
	pos := 0
	if first == 0 && f.header.Primer == PrimerFirstChunk {
		// The first chunk may be repaired.
		s := a.scanner(f, from.offset, to.offset, 0)
		c, err := s.nextChunk()
		if err == nil {
			err = s.payload(c)
		}
		if err == nil {
			found = append(found, locate(c, s.in.off))
			pos = int(s.in.off - from.offset)
		}
	}
	work := int64(len(data))*64 + 1<<20
	for next := first + int64(len(found)); next < end; next++ {
		r := findRecord(data, pos, f.header.ChunkSize, next, end-1, &work)
		if r == nil {
			break
		}
		c := &chunk{chunkHeader: r.chunkHeader, number: r.number, offset: from.offset + int64(r.at)}
		pos, next = r.at+r.size, r.number
		found = append(found, locate(c, from.offset+int64(pos)))
	}
	return arrange(f, from, to, first, end, found, data), nil
}

// arrange puts the chunks of a group that were found where they belong: those in front of the first gap, and those behind the
// last one, since only what is missing in all is known. data are the group's records.
func arrange(f *archiveFrame, from, to place, first, end int64, found []located, data []byte) []located {
	start, whole := from.offset, hole(f, from, to, first, end)
	front, back := 0, len(found)
	for front < back && found[front].number == first+int64(front) {
		c := &found[front]
		c.RawOffset, c.linesBefore = f.raw+from.raw, f.lines+from.lines
		from = place{c.Offset + c.Size + int64(auxiliarySize(data[min(int64(len(data)), c.Offset+c.Size-start):])), from.raw + c.RawSize, from.lines + c.Lines}
		front++
	}
	for back > front && found[back-1].number == end-1-int64(len(found)-back) {
		back--
		c := &found[back]
		to = place{c.Offset, to.raw - c.RawSize, to.lines - c.Lines}
		c.RawOffset, c.linesBefore = f.raw+to.raw, f.lines+to.lines
	}
	first, end = first+int64(front), end-int64(len(found)-back)
	raw, lines := to.raw-from.raw, to.lines-from.lines
	switch {
	case first == end && raw == 0 && lines == 0:
		return found
	case first == end || raw < end-first || lines < 0 || lines > raw:
		return []located{whole} // the sums are not those of these records
	}
	gap := hole(f, from, to, first, end)
	return slices.Concat(found[:front], []located{gap}, found[back:])
}

// auxiliarySize is how many bytes at the beginning of data are intact auxiliary records.
func auxiliarySize(data []byte) int {
	in := newRecorder(bytes.NewReader(data), 4096)
	for {
		at := in.off
		in.reset()
		if tag, err := in.ReadByte(); err != nil || tag != tagAuxiliary || readAuxiliary(in) != nil {
			return int(at)
		}
	}
}

// hole is what stands for the chunks of a frame from one number to another, which cannot be found.
func hole(f *archiveFrame, from, to place, first, end int64) located {
	reason := fmt.Errorf("%w: its record cannot be found", ErrCorrupt)
	if end-first > 1 {
		reason = fmt.Errorf("%w: it and the chunks up to %d cannot be found", ErrCorrupt, end-1)
	}
	return located{
		Chunk: Chunk{
			Offset: from.offset, Size: to.offset - from.offset,
			RawOffset: f.raw + from.raw, RawSize: to.raw - from.raw, Lines: to.lines - from.lines,
		},
		number: first, linesBefore: f.lines + from.lines,
		damage: &ChunkError{int(first), from.offset, reason},
	}
}

// locate describes a record that ends at end; where its content belongs is still open.
func locate(c *chunk, end int64) located {
	return located{
		Chunk: Chunk{
			Offset: c.offset, Size: end - c.offset, RawSize: int64(c.raw), Lines: int64(c.lines),
			Method: c.method, CRC32C: c.crc, Failed: c.failed, Primed: c.primed,
		},
		number: c.number,
	}
}
