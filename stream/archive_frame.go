package stream

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/timestamp"
)

// archiveFrame is a frame whose chunks can be found.
type archiveFrame struct {
	header *Header // nil with err
	err    error   // why nothing of the frame can be read
	start  int64   // of the frame in the archive
	raw    int64   // bytes of content in front of the frame
	lines  int64   // line ends in these
	chunks int64
	groups []format.Place // where groups of 16 chunks begin, and the end of the last one
	listed []located      // all chunks, if there is no index
}

func (f *archiveFrame) total() format.Place { return f.groups[len(f.groups)-1] }

// primes says whether other chunks of the frame start from the first one.
func (f *archiveFrame) primes() bool {
	return f.header.Primer == format.PrimerFirstChunk && f.chunks > 1
}

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

	want int64 // of its first bytes are enough; 0: all are wanted

	// told is told, while the chunk is decoded, of the prefix that is known to be right so far, and
	// ends decoding when it says that no more is wanted; nil: nobody.
	told func(right []byte) (enough bool)

	before timestamp.Relation // of the time of the line in front of it to the span that is searched
}

// find gives the chunk that holds a byte of the content. With the error of a frame it gives where
// that begins.
func (a *archive) find(off int64) (spot, error) {
	i, _ := slices.BinarySearchFunc(a.frames, off, func(f *archiveFrame, off int64) int {
		return cmpAfter(f.raw+f.total().Raw, off)
	})
	f := a.frames[i]
	if f.err != nil {
		return spot{located: located{Chunk: Chunk{RawOffset: f.raw}, linesBefore: f.lines}, frame: f}, f.err
	}
	g, _ := slices.BinarySearchFunc(f.groups[1:], off-f.raw, func(end format.Place, off int64) int { return cmpAfter(end.Raw, off) })
	chunks, err := a.group(f, g)
	if err != nil {
		return spot{}, err
	}
	c, _ := slices.BinarySearchFunc(chunks, off, func(c located, off int64) int { return cmpAfter(c.RawOffset+c.RawSize, off) })
	return spot{located: chunks[c], frame: f}, nil
}

// findLine gives the chunk with line end n of the content, counted from 1.
func (a *archive) findLine(n int64) (spot, error) {
	i, _ := slices.BinarySearchFunc(a.frames, n, func(f *archiveFrame, n int64) int { return cmp.Compare(f.lines+f.total().Lines, n) })
	// Of several frames that end with this line end, the first has it.
	f := a.frames[i]
	if f.err != nil {
		return spot{}, f.err
	}
	g, _ := slices.BinarySearchFunc(f.groups[1:], n-f.lines, func(end format.Place, n int64) int { return cmp.Compare(end.Lines, n) })
	chunks, err := a.group(f, g)
	if err != nil {
		return spot{}, err
	}
	c, _ := slices.BinarySearchFunc(chunks, n, func(c located, n int64) int { return cmp.Compare(c.linesBefore+c.Lines, n) })
	return spot{located: chunks[c], frame: f}, nil
}

// cmpAfter orders what ends at end against a byte at off, for the first that ends behind it.
func cmpAfter(end, off int64) int {
	if end > off {
		return 1
	}
	return -1
}

// spot gives a chunk of a frame by its number.
func (a *archive) spot(f *archiveFrame, number int64) (spot, error) {
	chunks, err := a.group(f, int(number/format.GroupSize))
	if err != nil {
		return spot{}, err
	}
	i := int(number % format.GroupSize)
	if i >= len(chunks) || chunks[i].number != number {
		return spot{}, fmt.Errorf("%w: chunk %d is not to be found", ErrCorrupt, number)
	}
	return spot{located: chunks[i], frame: f}, nil
}

// group gives the chunks of a group.
func (a *archive) group(f *archiveFrame, g int) ([]located, error) {
	first, end := g*format.GroupSize, min((g+1)*format.GroupSize, int(f.chunks))
	if f.listed != nil {
		return f.listed[first:end], nil
	}
	if chunks, ok := a.groups.Get(f.groups[g].Offset); ok {
		return chunks, nil
	}
	chunks, err := a.readGroup(f, g)
	if err == nil {
		a.groups.Add(f.groups[g].Offset, chunks, 1)
	}
	return chunks, err
}

// readGroup reads the heads of the records of a group. What is behind a damaged one, up to the end
// of the group, becomes one chunk with damage.
func (a *archive) readGroup(f *archiveFrame, g int) ([]located, error) {
	from, to := f.groups[g], f.groups[g+1]
	first := int64(g) * format.GroupSize
	count := min(format.GroupSize, f.chunks-first)
	s := a.scanner(f, from.Offset, to.Offset, first)
	chunks := make([]located, 0, count)
	raw, lines := f.raw+from.Raw, f.lines+from.Lines
	var err error
	for range count {
		var c *format.Record
		if c, err = s.NextChunk(); err == nil {
			err = s.Hop(a.r, to.Offset, c)
		}
		if err != nil {
			break
		}
		l := locate(c, s.In.Off)
		l.RawOffset, l.linesBefore = raw, lines
		chunks = append(chunks, l)
		raw += int64(c.Raw)
		lines += int64(c.Lines)
	}
	if err == nil && s.In.Off < to.Offset {
		err = s.PassAuxiliary(to.Offset)
	}
	if err == nil && raw == f.raw+to.Raw && lines == f.lines+to.Lines {
		return chunks, nil
	}
	return a.salvageGroup(f, g)
}

// scanner gives one that stands in front of the record of a chunk; the archive ends at to for it.
func (a *archive) scanner(f *archiveFrame, from, to, number int64) *format.Scanner {
	ahead := 4 << 10
	s := &format.Scanner{In: format.NewRecorder(io.NewSectionReader(a.r, from, to-from), ahead), Frames: 1, Header: f.header, Start: f.start}
	s.In.Off = from
	s.Index = format.NewIndex(f.header)
	s.Index.Total.Chunks = number
	s.Notice = func(damage error) { a.notice(f.start, damage) }
	return s
}

// readChunk reads the record of a chunk, payload included, and makes sure that it is intact.
func (a *archive) readChunk(s spot) (*format.Record, error) {
	// A first chunk is repaired from the parity behind it.
	in := a.scanner(s.frame, s.Offset, s.frame.total().Offset, s.number)
	c, err := in.NextChunk()
	if err == nil {
		err = in.Payload(c)
	}
	if err != nil {
		return nil, err
	}
	if int64(c.Raw) != s.RawSize || int64(c.Lead) != s.Lead || int64(c.Lines) != s.Lines || c.Primed != s.Primed {
		return nil, &ChunkError{Index: int(s.number), Offset: s.Offset, Err: fmt.Errorf("%w: the record has changed since it was found", ErrCorrupt)}
	}
	return c, nil
}
