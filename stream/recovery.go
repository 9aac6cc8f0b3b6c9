package stream

import (
	"fmt"
	"io"
	"sort"

	"github.com/lmz-go/lmz/internal/format"
)

// Recovery is an archive of everything that is intact in a damaged one. It holds no records: it reads them from the damaged
// archive, which must stay open, and gives them the numbers and the index that belong to them now.
type Recovery struct {
	Losses   []Loss
	Repaired []error // damage that cost nothing: to headers and indexes, and a *ChunkError to primers that parity restored
	Chunks   int64   // that are intact

	r     io.ReaderAt
	parts []part
	size  int64
}

// Loss is a run of chunks that cannot be read any more, or bytes that belong to no chunk.
type Loss struct {
	Offset, Size int64 // of the bytes in the damaged archive that hold them, or something else now
	Chunk        int64 // number of the first one in its frame
	Chunks       int64 // how many; -1: it cannot be known
	RawOffset    int64 // of its first byte in the content as it was; -1: it cannot be known
	RawSize      int64 // bytes of content; -1: it cannot be known
	Line         int64 // line ends in front of it in the content as it was; -1: it cannot be known
	Lines        int64 // line ends in it; -1: it cannot be known
	Err          error // what is wrong with the first one
}

// part is a run of bytes of a Recovery: literal, or n bytes of the damaged archive from an offset on.
type part struct {
	at      int64 // in the recovery
	literal []byte
	from, n int64
}

// Intact says whether there is nothing to recover: the archive is as it was written.
func (x *Recovery) Intact() bool { return len(x.Losses) == 0 && len(x.Repaired) == 0 }

// Size of the recovered archive, in bytes.
func (x *Recovery) Size() int64 { return x.size }

// ReadAt reads the recovered archive.
func (x *Recovery) ReadAt(p []byte, off int64) (n int, err error) {
	i := sort.Search(len(x.parts), func(i int) bool { return x.parts[i].at > off }) - 1
	for ; n < len(p) && i >= 0 && i < len(x.parts); i++ {
		t := x.parts[i]
		skip := off + int64(n) - t.at
		if skip >= t.n {
			continue
		}
		want := p[n:min(int64(len(p)), int64(n)+t.n-skip)]
		if t.literal != nil {
			n += copy(want, t.literal[skip:])
			continue
		}
		got, err := x.r.ReadAt(want, t.from+skip)
		if n += got; got < len(want) {
			return n, err
		}
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// WriteTo writes the recovered archive.
func (x *Recovery) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, io.NewSectionReader(x, 0, x.size))
}

func (x *Recovery) put(literal []byte) {
	if len(literal) == 0 {
		return
	}
	x.parts = append(x.parts, part{at: x.size, literal: literal, n: int64(len(literal))})
	x.size += int64(len(literal))
}

func (x *Recovery) copy(from, n int64) {
	if n == 0 {
		return
	}
	x.parts = append(x.parts, part{at: x.size, from: from, n: n})
	x.size += n
}

// Recover looks through all of the archive of size bytes in r for what is intact: records that are damaged, missing or not
// where they belong cost themselves, and a damaged primer that its parity cannot restore all chunks that start from it. It
// decodes nothing. What the sums in the index and in the heads of records tell about a loss is in it.
//
// It returns ErrNotArchive or ErrTruncated if there is no frame at all, and otherwise only errors of r.
func Recover(r io.ReaderAt, size int64) (*Recovery, error) {
	v := &recoverer{Recovery: &Recovery{r: r}, end: size, known: true}
	for v.pos < size {
		if err := v.frame(); err != nil {
			return nil, err
		}
	}
	if v.frames == 0 {
		var head [len(format.HeaderMagic)]byte
		n, _ := r.ReadAt(head[:], 0)
		if string(head[:n]) == format.HeaderMagic[:n] {
			return nil, fmt.Errorf("%w: there is no whole header", ErrTruncated)
		}
		return nil, ErrNotArchive
	}
	return v.Recovery, nil
}

// recoverer walks through a damaged archive.
type recoverer struct {
	*Recovery
	end    int64 // of the damaged archive
	pos    int64 // up to where it has been looked through
	frames int

	raw, lines int64 // of the content as it was, in front of pos
	known      bool  // whether these two are
}

// entry is a chunk of a frame, an auxiliary record, or a gap.
type entry struct {
	number int64          // of the chunk, or of the next one
	chunk  *format.Record // nil: not a chunk
	aux    bool
	size   int64 // bytes of the record, or of the gap

	// Of a gap:
	offset     int64
	count      int64 // chunks; -1: not known
	claim      bool  // the head of the only chunk is legible, and says:
	raw, lines int64
	err        error
}

// frame recovers the frame at pos, or looks for the next one.
func (v *recoverer) frame() error {
	start := v.pos
	h, size, err := v.header(start)
	var mended []byte
	if err == nil && h == nil {
		h, mended, err = v.mendHeader(start)
		size = int64(len(mended))
	}
	if err != nil {
		return err
	}
	if h == nil {
		return v.lostFrame()
	}
	v.frames++
	if mended != nil {
		v.Repaired = append(v.Repaired, fmt.Errorf("%w: the header of the frame at byte %d; a byte of it was restored by its checksum", ErrCorrupt, start))
	}
	f := &recoveredFrame{h: h, start: start, headerSize: size, mended: mended, pos: start + size, index: format.Index{ChunkSize: int64(h.ChunkSize)}}
	for done := false; !done; {
		if done, err = v.step(f); err != nil {
			return err
		}
	}
	v.pos = f.pos
	v.settle(f)
	return v.write(f)
}

// recoveredFrame is what has been found of a frame.
type recoveredFrame struct {
	h          *Header
	start      int64
	headerSize int64
	mended     []byte // header, if it had to be made anew
	pos        int64
	next       int64 // number of the chunk that is expected
	entries    []entry
	index      format.Index // as it should be, as long as nothing is lost
	tail       *format.Tail // nil: no index
	broken     error        // why not; nil: there is nothing where it should be
}
