package stream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"sort"
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
		var head [len(headerMagic)]byte
		n, _ := r.ReadAt(head[:], 0)
		if string(head[:n]) == headerMagic[:n] {
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
	number int64  // of the chunk, or of the next one
	chunk  *chunk // nil: not a chunk
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
	f := &recoveredFrame{h: h, start: start, headerSize: size, mended: mended, pos: start + size, index: index{chunkSize: int64(h.ChunkSize)}}
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
	index      index // as it should be, as long as nothing is lost
	tail       *tail // nil: no index
	broken     error // why not; nil: there is nothing where it should be
}

// header reads the header at off; h is nil if there is none.
func (v *recoverer) header(off int64) (h *Header, size int64, err error) {
	buf := make([]byte, min(int64(len(headerMagic)), v.end-off))
	if _, err := v.r.ReadAt(buf, off); err != nil && err != io.EOF {
		return nil, 0, err
	}
	if string(buf) != headerMagic {
		return nil, 0, nil
	}
	buf = make([]byte, min(16+maxFields, v.end-off))
	if _, err := v.r.ReadAt(buf, off); err != nil && err != io.EOF {
		return nil, 0, err
	}
	h, size = wholeHeader(buf)
	return h, size, nil
}

// mendHeader restores the header at off if a single byte of it is wrong: its checksum tells which one, and what it was.
func (v *recoverer) mendHeader(off int64) (h *Header, mended []byte, err error) {
	buf := make([]byte, min(400, v.end-off))
	if _, err := v.r.ReadAt(buf, off); err != nil && err != io.EOF {
		return nil, nil, err
	}
	for i := range buf {
		was := buf[i]
		for flip := 1; flip < 256; flip++ {
			buf[i] = was ^ byte(flip)
			if h, size := wholeHeader(buf); h != nil && i < int(size) {
				return h, bytes.Clone(buf[:size]), nil
			}
		}
		buf[i] = was
	}
	return nil, nil, nil
}

// wholeHeader parses the header that buf begins with; nil if its checksum is wrong.
func wholeHeader(buf []byte) (*Header, int64) {
	if len(buf) < len(headerMagic)+1 || string(buf[:len(headerMagic)]) != headerMagic || buf[len(headerMagic)] != version {
		return nil, 0
	}
	n, fields, ok := cutUvarint(buf[len(headerMagic)+1:])
	if !ok || n > maxFields || uint64(len(fields)) < n+4 {
		return nil, 0
	}
	size := len(buf) - len(fields) + int(n) + 4
	if crc32.Checksum(buf[:size-4], castagnoli) != binary.LittleEndian.Uint32(buf[size-4:]) {
		return nil, 0
	}
	h, err := parseHeader(fields[:n])
	if err != nil {
		return nil, 0
	}
	return h, int64(size)
}

// lostFrame passes over what is no frame, up to the next one.
func (v *recoverer) lostFrame() error {
	next, err := v.findHeader(v.pos+1, v.end)
	if err != nil {
		return err
	}
	l := Loss{
		Offset: v.pos, Size: next - v.pos, Chunks: -1, RawOffset: -1, RawSize: -1, Line: -1, Lines: -1,
		Err: fmt.Errorf("%w: no frame begins at byte %d", ErrCorrupt, v.pos),
	}
	if v.known {
		l.RawOffset, l.Line = v.raw, v.lines
	}
	v.known = false
	// An index at the end of it tells what it held.
	if t, err := readTail(v.r, next, DefaultMemoryLimit); err == nil && t != nil && t.start <= v.pos+1<<16 {
		l.Chunks, l.RawSize, l.Lines = t.total.chunks, t.total.raw, t.total.lines
		v.raw, v.lines, v.known = v.raw+l.RawSize, v.lines+l.Lines, l.RawOffset >= 0
	}
	v.Losses = append(v.Losses, l)
	v.pos = next
	return nil
}

// findHeader finds the first whole header from an offset on; end if there is none.
func (v *recoverer) findHeader(from, end int64) (int64, error) {
	const block = 1 << 20
	buf := make([]byte, block+len(headerMagic))
	for ; from < end; from += block {
		n, err := v.r.ReadAt(buf[:min(int64(len(buf)), end-from)], from)
		if err != nil && err != io.EOF {
			return 0, err
		}
		for at := 0; ; at++ {
			i := bytes.Index(buf[at:n], []byte(headerMagic))
			if i < 0 {
				break
			}
			at += i
			if h, _, err := v.header(from + int64(at)); h != nil || err != nil {
				return from + int64(at), err
			}
		}
	}
	return end, nil
}

// step reads what is at f.pos. It reports whether the frame has ended.
func (v *recoverer) step(f *recoveredFrame) (bool, error) {
	if f.pos >= v.end {
		f.pos = v.end
		return true, nil
	}
	if t, end, err := v.index(f.pos); err != nil {
		return false, err
	} else if t != nil {
		f.tail, f.pos = t, end
		return true, nil
	}
	c, size, wrong, err := v.record(f, f.pos, f.next)
	if err != nil {
		return false, err
	}
	if wrong == nil {
		if c != nil {
			f.entries = append(f.entries, entry{number: f.next, chunk: c, size: size, offset: f.pos})
			f.index.chunk(size, c.raw, c.lines)
			f.next++
		} else {
			f.entries = append(f.entries, entry{number: f.next, aux: true, size: size, offset: f.pos})
			f.index.auxiliary(size)
		}
		f.pos += size
		return false, nil
	}
	return v.resync(f, wrong)
}

// index reads the index and footer at off, and says where they end; nil: there are none that are intact.
func (v *recoverer) index(off int64) (*tail, int64, error) {
	var head [11]byte
	n, err := v.r.ReadAt(head[:], off)
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	if n == 0 || head[0] != tagIndex {
		return nil, 0, nil
	}
	size, rest, ok := cutUvarint(head[1:n])
	if !ok || size > uint64(v.end-off) {
		return nil, 0, nil
	}
	end := off + int64(n-len(rest)) + int64(size) + 4 + footerSize
	if end > v.end {
		return nil, 0, nil
	}
	t, err := readTail(v.r, end, DefaultMemoryLimit)
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return nil, 0, err
	}
	if t == nil || t.index != off {
		return nil, 0, nil
	}
	return t, end, nil
}

// record reads the record at off: chunk number n, or an auxiliary record, for which c is nil. wrong is what is wrong with it.
func (v *recoverer) record(f *recoveredFrame, off, n int64) (c *chunk, size int64, wrong, err error) {
	in := newRecorder(&failNoted{r: io.NewSectionReader(v.r, off, v.end-off), err: &err}, 4<<10)
	in.off = off
	tag, wrong := in.ReadByte()
	if wrong != nil {
		return nil, 0, truncated(wrong), err
	}
	if tag == tagAuxiliary {
		wrong = readAuxiliary(in)
		if errors.Is(wrong, ErrUnsupportedVersion) {
			wrong = nil // whatever it is, it is intact; it is left out
		}
		return nil, in.off - off, wrong, err
	}
	in.unread([]byte{tag})
	s := &scanner{in: in, frames: 1, header: f.h, start: f.start, index: index{chunkSize: int64(f.h.ChunkSize)}}
	s.index.total.chunks = n
	var repaired error
	s.notice = func(damage error) { repaired = damage }
	if tag&tagChunkMask == tagChunk || n == 0 {
		if c, wrong = s.nextChunk(); wrong == nil {
			wrong = s.payload(c)
		}
	} else {
		wrong = fmt.Errorf("%w: no record begins with %02x", ErrCorrupt, tag)
	}
	var at *ChunkError
	if errors.As(wrong, &at) {
		wrong = at.Err
	}
	if wrong == io.EOF || wrong == nil && c == nil {
		wrong = fmt.Errorf("%w: index", ErrCorrupt)
	}
	if wrong != nil {
		return nil, 0, wrong, err
	}
	if repaired != nil {
		v.Repaired = append(v.Repaired, repaired)
	} else {
		c.payload, c.whole = nil, false // it is in the archive as it should be
	}
	return c, in.off - off, nil, err
}

// failNoted keeps an error of r that is not its end.
type failNoted struct {
	r   io.Reader
	err *error
}

func (n *failNoted) Read(p []byte) (int, error) {
	got, err := n.r.Read(p)
	if err != nil && err != io.EOF {
		*n.err = err
	}
	return got, err
}

// follows says whether something intact is at off: the record of chunk n, the index of n chunks, a header, an auxiliary record, or
// the end.
func (v *recoverer) follows(f *recoveredFrame, off, n int64) (bool, error) {
	if off >= v.end {
		return off == v.end, nil
	}
	if t, _, err := v.index(off); t != nil || err != nil {
		return t != nil && t.total.chunks == n, err
	}
	if h, _, err := v.header(off); h != nil || err != nil {
		return h != nil, err
	}
	if n == 0 {
		return false, nil
	}
	_, _, wrong, err := v.record(f, off, n)
	return wrong == nil, err
}

// resync passes over what is wrong at f.pos, up to the next thing that is intact.
func (v *recoverer) resync(f *recoveredFrame, wrong error) (bool, error) {
	if broken, err := v.brokenIndex(f); err != nil || broken {
		return true, err
	}
	gap := entry{number: f.next, offset: f.pos, count: -1, err: wrong}
	c, size := v.head(f, f.pos)
	if c != nil {
		// It may be intact, and another one than belongs here.
		is, err := v.number(f, f.pos, size)
		if err != nil {
			return false, err
		}
		if near := is - f.next; near != 0 && near > -1<<12 && near < 1<<12 {
			ok, err := v.follows(f, f.pos+size, is+1)
			if err != nil {
				return false, err
			}
			if ok {
				gap.count = max(0, near)
				if near < 0 {
					gap.size = size
					f.pos += size
				}
				f.next += gap.count
				f.entries = append(f.entries, gap)
				return false, nil
			}
		}
		// Most often a payload is hit, and the head says where the next record is.
		ok, err := v.follows(f, f.pos+size, f.next+1)
		if err != nil {
			return false, err
		}
		if ok {
			gap.size, gap.count, gap.claim, gap.raw, gap.lines = size, 1, true, int64(c.raw), int64(c.lines)
			f.entries = append(f.entries, gap)
			f.pos += size
			f.next++
			return false, nil
		}
	}
	to, number, err := v.search(f)
	if err != nil {
		return false, err
	}
	gap.size = to - f.pos
	if number < 0 { // an index, a header or the end
		if t, _, err := v.index(to); err != nil {
			return false, err
		} else if t != nil {
			number = max(f.next, t.total.chunks)
		}
	}
	high := number - 1
	if number < 0 {
		high = f.next + 16
	}
	if number >= 0 {
		gap.count = number - f.next
	}
	lone, err := v.lone(f, f.pos, to, high)
	if err != nil {
		return false, err
	}
	f.entries = append(f.entries, between(gap, lone)...)
	if number >= 0 {
		f.next = number
	} else if n := len(lone); n > 0 {
		f.next = lone[n-1].number + 1
	}
	f.pos = to
	if number >= 0 || to == v.end {
		return to == v.end, nil
	}
	return true, nil // a header
}

// brokenIndex says whether there is an index at f.pos that is damaged or cut off, and passes over it: one that mostly is what
// it should be behind the records that have been found.
func (v *recoverer) brokenIndex(f *recoveredFrame) (bool, error) {
	for i := range f.entries {
		if e := &f.entries[i]; e.chunk == nil && !e.aux {
			return false, nil
		}
	}
	body := f.index.body(f.headerSize)
	buf := make([]byte, min(v.end-f.pos, int64(11+len(body))))
	if _, err := v.r.ReadAt(buf, f.pos); err != nil && err != io.EOF {
		return false, err
	}
	tag := buf[0]
	_, buf, _ = cutUvarint(buf[1:])
	same, n := 0, min(len(buf), len(body))
	for i := range n {
		if buf[i] == body[i] {
			same++
		}
	}
	if 4*same < 3*n || tag != tagIndex && same < len(body) { // what is wrong may be the tag, and nothing else
		return false, nil
	}
	next, err := v.findHeader(f.pos+1, v.end)
	if err != nil {
		return false, err
	}
	f.broken = fmt.Errorf("%w: the index at byte %d is damaged", ErrCorrupt, f.pos)
	f.pos = next
	return true, nil
}

// head reads the head of the record at off; nil if it makes no sense.
func (v *recoverer) head(f *recoveredFrame, off int64) (*chunkHeader, int64) {
	in := newRecorder(io.NewSectionReader(v.r, off, v.end-off), 128)
	tag, err := in.ReadByte()
	if err != nil || tag&tagChunkMask != tagChunk {
		return nil, 0
	}
	h, err := readChunkHeader(in, tag, f.h.ChunkSize)
	if err != nil {
		return nil, 0
	}
	return &h, in.off + int64(h.payload)
}

// number is that which the record of size bytes at off was written with, near f.next, or any other if it is damaged.
func (v *recoverer) number(f *recoveredFrame, off, size int64) (int64, error) {
	if off+size > v.end {
		return -1, nil
	}
	record := make([]byte, size)
	if _, err := v.r.ReadAt(record, off); err != nil && err != io.EOF {
		return 0, err
	}
	in := bytes.NewReader(record[1:])
	h, err := readChunkHeader(in, record[0], f.h.ChunkSize)
	if err != nil || in.Len() != h.payload {
		return -1, nil
	}
	head := len(record) - in.Len() - checkSize
	is := (h.check - chunkCheck(record[:head], record[len(record)-in.Len():], 0)) & checkMask
	return f.next + int64(int32((is-uint32(f.next))<<8)>>8), nil
}

// searchBlock is how many bytes are searched for a record at a time, at least.
const searchBlock = 4 << 20

// search finds the next thing behind f.pos that is intact beyond doubt: a chunk record, with its number, in front of another
// thing that is intact; an index, a header, or the end, with number -1.
func (v *recoverer) search(f *recoveredFrame) (to, number int64, err error) {
	block := int64(searchBlock)
	if most := 3 * int64(f.h.ChunkSize); most > block {
		block = min(most, 128<<20)
	}
	for from := f.pos; ; from += block / 2 {
		data := make([]byte, min(block, v.end-from))
		if _, err := v.r.ReadAt(data, from); err != nil && err != io.EOF {
			return 0, 0, err
		}
		end := from + int64(len(data))
		to, number = end, -1
		if to, err = v.findHeader(max(from, f.pos+1), end); err != nil {
			return 0, 0, err
		}
		for i := int64(0); ; i++ {
			n := bytes.IndexByte(data[min(i, to-from):to-from], tagIndex)
			if n < 0 {
				break
			}
			i += int64(n)
			t, _, err := v.index(from + i)
			if err != nil {
				return 0, 0, err
			}
			if t != nil {
				to = from + i
				break
			}
		}
		work := int64(len(data))*64 + 1<<20
		high := f.next + int64(len(data))/minRecord + 1
		for at := 0; int64(at) < to-from; at++ {
			r := findRecord(data[:to-from], at, f.h.ChunkSize, f.next, high, &work)
			if r == nil {
				break
			}
			at = r.at
			ok, err := v.follows(f, from+int64(r.at+r.size), r.number+1)
			if err != nil {
				return 0, 0, err
			}
			if ok {
				to, number = from+int64(r.at), r.number
				break
			}
		}
		if to < end || end == v.end {
			return to, number, nil
		}
	}
}

// lone finds records between two offsets that are intact, with numbers up to high, and nothing intact behind them.
func (v *recoverer) lone(f *recoveredFrame, from, to, high int64) ([]entry, error) {
	if to-from > 256<<20 || high < f.next {
		return nil, nil
	}
	data := make([]byte, to-from)
	if _, err := v.r.ReadAt(data, from); err != nil && err != io.EOF {
		return nil, err
	}
	var list []entry
	work := int64(len(data))*64 + 1<<20
	for at := 0; at < len(data); {
		r := findRecord(data, at, f.h.ChunkSize, f.next, high, &work)
		if r == nil {
			break
		}
		at = r.at + r.size
		if !slices.ContainsFunc(list, func(e entry) bool { return e.number == r.number }) {
			c := &chunk{chunkHeader: r.chunkHeader, number: r.number, offset: from + int64(r.at)}
			list = append(list, entry{number: r.number, chunk: c, size: int64(r.size), offset: c.offset})
		}
	}
	slices.SortFunc(list, func(a, b entry) int { return int(a.number - b.number) })
	return list, nil
}

// between puts the chunks that were found in a gap into it.
func between(gap entry, found []entry) (list []entry) {
	last := int64(-1) // number behind the gap
	if gap.count >= 0 {
		last = gap.number + gap.count
	}
	for _, e := range found {
		if e.number > gap.number {
			part := gap
			part.count = e.number - gap.number
			part.size = max(0, e.offset-gap.offset)
			list = append(list, part)
		}
		list = append(list, e)
		gap.size = max(0, gap.offset+gap.size-(e.offset+e.size))
		gap.offset = e.offset + e.size
		gap.number = e.number + 1
	}
	gap.count = -1
	if last >= 0 {
		gap.count = last - gap.number
	}
	if gap.count != 0 || gap.size > 0 {
		list = append(list, gap)
	}
	return list
}

// settle finds out what the gaps of a frame held, and adds them to the losses.
func (v *recoverer) settle(f *recoveredFrame) {
	total := int64(-1)
	var groups []place
	if f.tail != nil {
		total = f.tail.total.chunks
		if f.next < total { // records are missing in front of the index
			f.entries = append(f.entries, entry{number: f.next, offset: f.tail.index, count: total - f.next,
				err: fmt.Errorf("%w: it is missing", ErrCorrupt)})
		} else if f.next > total {
			v.Repaired = append(v.Repaired, fmt.Errorf("%w: the index of the frame at byte %d tells of %d chunks, there are %d", ErrCorrupt, f.start, total, f.next))
			f.tail, total = nil, -1
		}
	} else if f.broken != nil {
		v.Repaired = append(v.Repaired, f.broken)
	} else {
		v.Repaired = append(v.Repaired, fmt.Errorf("%w: the frame at byte %d has no index", ErrTruncated, f.start))
	}
	if f.tail != nil {
		if p, err := f.tail.places(f.h.ChunkSize, f.tail.start+f.headerSize); err == nil {
			groups = p
		}
	}
	f.weigh(groups)
	raw, lines, known := v.raw, v.lines, v.known
	intact := true
	for i := range f.entries {
		e := &f.entries[i]
		if e.aux {
			continue
		}
		if g := e.number / groupSize; groups != nil && e.number%groupSize == 0 && int(g) < len(groups) && v.known {
			raw, lines, known = v.raw+groups[g].raw, v.lines+groups[g].lines, true
		}
		if e.chunk != nil {
			if f.orphan(e) {
				v.addOrphan(e, raw, lines, known)
			}
			raw, lines = raw+int64(e.chunk.raw), lines+int64(e.chunk.lines)
			continue
		}
		if e.count == 0 {
			v.Repaired = append(v.Repaired, fmt.Errorf("%w: %d bytes at byte %d that belong to no chunk: %w", ErrCorrupt, e.size, e.offset, e.err))
			continue
		}
		intact = false
		l := Loss{Offset: e.offset, Size: e.size, Chunk: e.number, Chunks: e.count, RawOffset: -1, RawSize: -1, Line: -1, Lines: -1, Err: e.err}
		if known {
			l.RawOffset, l.Line = raw, lines
		}
		if e.claim {
			l.RawSize, l.Lines = e.raw, e.lines
			raw, lines = raw+e.raw, lines+e.lines
		} else {
			known = false
		}
		v.Losses = append(v.Losses, l)
	}
	if f.tail != nil && groups != nil {
		t := f.tail.total
		if intact && (t.raw != raw-v.raw || t.lines != lines-v.lines) {
			v.Repaired = append(v.Repaired, fmt.Errorf("%w: the index of the frame at byte %d tells of other records", ErrCorrupt, f.start))
		} else {
			raw, lines, known = v.raw+t.raw, v.lines+t.lines, v.known
		}
	}
	v.raw, v.lines, v.known = raw, lines, known
}

// weigh finds out how many bytes and lines the gaps hold, from what the index says about groups. Where it does not, the
// heads of records are believed.
func (f *recoveredFrame) weigh(groups []place) {
	if groups == nil {
		return
	}
	for i := range f.entries {
		e := &f.entries[i]
		if e.chunk != nil || e.count <= 0 {
			continue
		}
		first, last := int(e.number/groupSize), int((e.number+e.count-1)/groupSize)
		if last+1 >= len(groups) {
			continue
		}
		raw, lines := groups[last+1].raw-groups[first].raw, groups[last+1].lines-groups[first].lines
		alone := true
		weighed := func(j int) bool {
			o := &f.entries[j]
			if int((o.number+max(1, o.count)-1)/groupSize) < first || int(o.number/groupSize) > last {
				return false
			}
			switch {
			case o.chunk != nil:
				raw, lines = raw-int64(o.chunk.raw), lines-int64(o.chunk.lines)
			case o.count == 1 && o.claim:
				raw, lines = raw-o.raw, lines-o.lines
			default:
				alone = alone && o.count == 0
			}
			return true
		}
		for j := i - 1; j >= 0 && weighed(j); j-- {
		}
		for j := i + 1; j < len(f.entries) && weighed(j); j++ {
		}
		if alone && raw >= e.count && lines >= 0 && lines <= raw {
			e.claim, e.raw, e.lines = true, raw, lines
		}
	}
}

// write adds what was found of a frame to the recovery.
func (v *recoverer) write(f *recoveredFrame) error {
	h := *f.h
	header := f.mended
	var chunks []entry // and auxiliary records
	n := int64(0)
	for i := range f.entries {
		e := &f.entries[i]
		switch {
		case e.chunk != nil && !f.orphan(e):
			chunks = append(chunks, *e)
			n++
		case e.aux && e.number == n && len(chunks) > 0:
			chunks = append(chunks, *e) // it is about chunks that are all there
		}
	}
	if h.Primer == PrimerFirstChunk && !f.primer() {
		h.Primer = PrimerNone
		header = appendHeader(nil, &h)
	}
	if len(chunks) == 0 && len(f.entries) > 0 {
		return nil
	}
	x := index{chunkSize: int64(h.ChunkSize)}
	headerSize := f.headerSize
	if header != nil {
		headerSize = int64(len(header))
		v.put(header)
	} else {
		v.copy(f.start, f.headerSize)
	}
	same := true // the chunks keep their numbers, and so their filters
	n = 0
	for i, e := range chunks {
		if e.aux {
			v.copy(e.offset, e.size)
			x.auxiliary(e.size)
			continue
		}
		whole, err := v.payload(e)
		if err != nil {
			return err
		}
		head := appendChunk(nil, &e.chunk.chunkHeader, h.ChunkSize, n, whole)
		head = head[:len(head)-len(whole)]
		v.put(head)
		if e.chunk.whole {
			v.put(whole)
		} else {
			v.copy(e.offset+e.size-int64(len(whole)), int64(len(whole)))
		}
		x.chunk(int64(len(head)+len(whole)), e.chunk.raw, e.chunk.lines)
		v.Chunks++
		n++
		if i == 0 && h.Primer == PrimerFirstChunk && len(chunks) > 1 && !chunks[1].aux {
			parity := appendParity(nil, slices.Concat(head, whole))
			v.put(parity)
			x.auxiliary(int64(len(parity)))
		}
		same = same && e.number == int64(i)
		if n := int64(i%groupSize + 1); same && (n == groupSize || i == len(chunks)-1) {
			if _, from, size := readFilters(v.r, e.offset+e.size, v.end, int64(i)+1-n, n); size > 0 {
				v.copy(from, size)
				x.auxiliary(size)
			}
		}
	}
	v.put(appendIndex(nil, &x, headerSize))
	return nil
}

// payload gives that of a chunk that was found.
func (v *recoverer) payload(e entry) ([]byte, error) {
	if e.chunk.whole {
		return e.chunk.payload, nil
	}
	p := make([]byte, e.chunk.chunkHeader.payload)
	_, err := v.r.ReadAt(p, e.offset+e.size-int64(len(p)))
	if err == io.EOF {
		err = nil
	}
	return p, err
}

// primer says whether the frame's first chunk is there.
func (f *recoveredFrame) primer() bool {
	return len(f.entries) > 0 && f.entries[0].number == 0 && f.entries[0].chunk != nil
}

// orphan says whether a chunk starts from a primer that is lost.
func (f *recoveredFrame) orphan(e *entry) bool {
	return e.chunk.primed && f.h.Primer == PrimerFirstChunk && !f.primer()
}

// addOrphan adds an intact chunk whose primer is lost to the losses, or to the last one if it follows that.
func (v *recoverer) addOrphan(e *entry, raw, lines int64, known bool) {
	if n := len(v.Losses); n > 0 {
		l := &v.Losses[n-1]
		if l.Chunk+l.Chunks == e.number && errors.Is(l.Err, errOrphan) && l.Offset+l.Size <= e.offset {
			l.Size, l.Chunks, l.RawSize, l.Lines = e.offset+e.size-l.Offset, l.Chunks+1, l.RawSize+int64(e.chunk.raw), l.Lines+int64(e.chunk.lines)
			return
		}
	}
	if !known {
		raw, lines = -1, -1
	}
	v.Losses = append(v.Losses, Loss{
		Offset: e.offset, Size: e.size, Chunk: e.number, Chunks: 1, RawOffset: raw, RawSize: int64(e.chunk.raw), Line: lines,
		Lines: int64(e.chunk.lines), Err: errOrphan,
	})
}

var errOrphan = fmt.Errorf("%w: it is intact, but depends on the frame's first chunk", ErrCorrupt)
