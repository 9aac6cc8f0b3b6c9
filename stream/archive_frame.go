package stream

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// place is a position between two records: in the archive, in its content, and in the lines of that. Those of a frame count from
// its beginning, except for offset.
type place struct {
	offset int64 // in the archive, of the next record
	raw    int64 // bytes in front of it
	lines  int64 // line ends in front of it
}

// archiveFrame is a frame whose chunks can be found.
type archiveFrame struct {
	header *Header // nil with err
	err    error   // why nothing of the frame can be read
	start  int64   // of the frame in the archive
	raw    int64   // bytes of content in front of the frame
	lines  int64   // line ends in these
	chunks int64
	groups []place   // where groups of 16 chunks begin, and the end of the last one
	listed []located // all chunks, if there is no index
}

func (f *archiveFrame) total() place { return f.groups[len(f.groups)-1] }

// primes says whether other chunks of the frame start from the first one.
func (f *archiveFrame) primes() bool { return f.header.Primer == PrimerFirstChunk && f.chunks > 1 }

// located is a chunk that was found; its offsets are those in the archive and in its content.
type located struct {
	Chunk
	number      int64 // in the frame
	linesBefore int64 // line ends in front of it
	damage      error // the record cannot be read; it may stand for several
}

// spot is a chunk with the frame that it belongs to.
type spot struct {
	located
	frame *archiveFrame
}

// find gives the chunk that holds a byte of the content.
func (a *Archive) find(off int64) (spot, error) {
	i, _ := slices.BinarySearchFunc(a.frames, off, func(f *archiveFrame, off int64) int {
		return cmpAfter(f.raw+f.total().raw, off)
	})
	f := a.frames[i]
	if f.err != nil {
		return spot{}, f.err
	}
	g, _ := slices.BinarySearchFunc(f.groups[1:], off-f.raw, func(end place, off int64) int { return cmpAfter(end.raw, off) })
	chunks, err := a.group(f, g)
	if err != nil {
		return spot{}, err
	}
	c, _ := slices.BinarySearchFunc(chunks, off, func(c located, off int64) int { return cmpAfter(c.RawOffset+c.RawSize, off) })
	return spot{chunks[c], f}, nil
}

// findLine gives the chunk with line end n of the content, counted from 1.
func (a *Archive) findLine(n int64) (spot, error) {
	i, _ := slices.BinarySearchFunc(a.frames, n, func(f *archiveFrame, n int64) int { return cmp.Compare(f.lines+f.total().lines, n) })
	// Of several frames that end with this line end, the first has it.
	f := a.frames[i]
	if f.err != nil {
		return spot{}, f.err
	}
	g, _ := slices.BinarySearchFunc(f.groups[1:], n-f.lines, func(end place, n int64) int { return cmp.Compare(end.lines, n) })
	chunks, err := a.group(f, g)
	if err != nil {
		return spot{}, err
	}
	c, _ := slices.BinarySearchFunc(chunks, n, func(c located, n int64) int { return cmp.Compare(c.linesBefore+c.Lines, n) })
	return spot{chunks[c], f}, nil
}

// cmpAfter orders what ends at end against a byte at off, for the first that ends behind it.
func cmpAfter(end, off int64) int {
	if end > off {
		return 1
	}
	return -1
}

// spot gives a chunk of a frame by its number.
func (a *Archive) spot(f *archiveFrame, number int64) (spot, error) {
	chunks, err := a.group(f, int(number/groupSize))
	if err != nil {
		return spot{}, err
	}
	i := int(number % groupSize)
	if i >= len(chunks) || chunks[i].number != number {
		return spot{}, fmt.Errorf("%w: chunk %d is not to be found", ErrCorrupt, number)
	}
	return spot{chunks[i], f}, nil
}

// group gives the chunks of a group.
func (a *Archive) group(f *archiveFrame, g int) ([]located, error) {
	first, end := g*groupSize, min((g+1)*groupSize, int(f.chunks))
	if f.listed != nil {
		return f.listed[first:end], nil
	}
	if chunks, ok := a.groups.get(f.groups[g].offset); ok {
		return chunks, nil
	}
	chunks, err := a.readGroup(f, g)
	if err == nil {
		a.groups.add(f.groups[g].offset, chunks, 1)
	}
	return chunks, err
}

// readGroup reads the heads of the records of a group. What is behind a damaged one, up to the end of the group, becomes one
// chunk with damage.
func (a *Archive) readGroup(f *archiveFrame, g int) ([]located, error) {
	from, to := f.groups[g], f.groups[g+1]
	first := int64(g) * groupSize
	count := min(groupSize, f.chunks-first)
	s := a.scanner(f, from.offset, to.offset, first)
	chunks := make([]located, 0, count)
	raw, lines := f.raw+from.raw, f.lines+from.lines
	var err error
	for range count {
		var c *chunk
		if c, err = s.nextChunk(); err == nil {
			err = s.hop(a.r, to.offset, c)
		}
		if err != nil {
			break
		}
		l := locate(c, s.in.off)
		l.RawOffset, l.linesBefore = raw, lines
		chunks = append(chunks, l)
		raw += int64(c.raw)
		lines += int64(c.lines)
	}
	if err == nil && s.in.off < to.offset {
		err = s.passAuxiliary(to.offset)
	}
	if err == nil && raw == f.raw+to.raw && lines == f.lines+to.lines {
		return chunks, nil
	}
	return a.salvageGroup(f, g)
}

// scanner gives one that stands in front of the record of a chunk; the archive ends at to for it.
func (a *Archive) scanner(f *archiveFrame, from, to, number int64) *scanner {
	ahead := 4 << 10
	s := &scanner{in: newRecorder(io.NewSectionReader(a.r, from, to-from), ahead), frames: 1, header: f.header, start: f.start}
	s.in.off = from
	s.index = index{chunkSize: int64(f.header.ChunkSize)}
	s.index.total.chunks = number
	s.notice = func(damage error) { a.notice(f.start, damage) }
	return s
}

// passAuxiliary reads the auxiliary records behind the last chunk of a group that ends at to.
func (s *scanner) passAuxiliary(to int64) error {
	for s.in.off < to {
		s.in.reset()
		tag, err := s.in.ReadByte()
		if err != nil {
			return truncated(err)
		}
		if tag != tagAuxiliary {
			return fmt.Errorf("%w: a group of chunks that is larger than the index says", ErrCorrupt)
		}
		if err := readAuxiliary(s.in); err != nil {
			return err
		}
	}
	return nil
}

// readChunk reads the record of a chunk, payload included, and makes sure that it is intact.
func (a *Archive) readChunk(s spot) (*chunk, error) {
	// A first chunk is repaired from the parity behind it.
	in := a.scanner(s.frame, s.Offset, s.frame.total().offset, s.number)
	c, err := in.nextChunk()
	if err == nil {
		err = in.payload(c)
	}
	if err != nil {
		return nil, err
	}
	if int64(c.raw) != s.RawSize || int64(c.lines) != s.Lines || c.primed != s.Primed {
		return nil, &ChunkError{int(s.number), s.Offset, fmt.Errorf("%w: the record has changed since it was found", ErrCorrupt)}
	}
	return c, nil
}
