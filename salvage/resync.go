package salvage

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/stream"
)

// resync passes over what is wrong at f.pos, up to the next thing that is intact.
func (v *recoverer) resync(f *foundFrame, wrong error) (bool, error) {
	if broken, err := v.brokenIndex(f); err != nil || broken {
		return true, err
	}
	gap := &entry{number: f.next, offset: f.pos, count: -1, err: wrong}
	c, size := v.head(f, f.pos)
	if c != nil {
		// The record may have been cut off in front of another frame, which is where its payload
		// should be.
		if at, err := v.frameWithin(f.pos, f.pos+size); err != nil {
			return false, err
		} else if at > 0 {
			gap.size = at - f.pos
			f.entries = append(f.entries, gap)
			f.pos = at
			return true, nil
		}
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
			gap.size, gap.count, gap.claim, gap.raw, gap.lines = size, 1, true, int64(c.Raw), int64(c.Lines)
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
	if at, err := v.mendable(f.pos+1, to); err != nil {
		return false, err
	} else if at < to {
		to, number = at, -1
	}
	gap.size = to - f.pos
	if number < 0 { // an index, a header or the end
		if t, _, err := v.index(to); err != nil {
			return false, err
		} else if t != nil {
			number = max(f.next, t.Total.Chunks)
		}
	}
	high := number - 1
	if number < 0 {
		high = f.next + 16
	}
	if number >= 0 {
		gap.count = number - f.next
		if gap.count == 0 && gap.size >= format.MinRecord+format.MinEnd+f.headerSize {
			gap.count = -1 // the rest of this frame and the header of another one may have been there
		}
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
	return true, nil // a header, which may have to be mended
}

// frameWithin finds a frame that begins behind an offset and has a record, or its end, where a
// damaged record that begins there seems to end, so that what follows belongs to the frame; 0:
// there is none. A frame that is content of a chunk ends elsewhere.
func (v *recoverer) frameWithin(from, to int64) (int64, error) {
	if to > v.end {
		return 0, nil
	}
	first := int64(0)
	for from++; ; {
		start, err := v.findHeader(from, to)
		if err != nil || start >= to {
			return 0, err
		}
		h, size, err := v.header(start)
		if err != nil {
			return 0, err
		}
		if first == 0 || start != from {
			first = start
		}
		f := &foundFrame{h: h, start: start}
		pos := start + size
		for pos < to {
			if t, end, err := v.index(pos); err != nil {
				return 0, err
			} else if t != nil {
				pos = end
				break
			}
			e, wrong, err := v.record(f, pos, f.next)
			if err != nil {
				return 0, err
			}
			if wrong != nil {
				pos = -1
				break
			}
			if pos += e.size; e.chunk != nil {
				f.next++
			}
		}
		switch {
		case pos == to:
			t, _, err := v.index(to)
			if err != nil || t != nil && t.Start != start {
				return 0, err
			}
			return first, nil
		case pos < 0 || pos > to:
			from = start + 1
		default:
			from = pos
		}
	}
}

// brokenIndex says whether there is an index at f.pos that is damaged or cut off, and passes over
// it: one that mostly is what it should be behind the records that have been found.
func (v *recoverer) brokenIndex(f *foundFrame) (bool, error) {
	for i := range f.entries {
		if e := f.entries[i]; e.chunk == nil && !e.aux {
			return false, nil
		}
	}
	want := format.AppendIndex(nil, &f.index, f.headerSize)
	buf := make([]byte, min(v.end-f.pos, int64(len(want))))
	if _, err := v.r.ReadAt(buf, f.pos); err != nil && err != io.EOF {
		return false, err
	}
	zeroed := len(buf) == len(want) && buf[len(buf)-1] == 0
	// What is wrong may be the tag, and nothing else. There may be sections behind the body that
	// are not known.
	tag, same := buf[0] == want[0], alike(buf, want)
	sized := int64(0) // bytes of it, as its head says; 0: it has no head
	if n, rest, ok := format.CutUvarint(buf[1:]); tag && !f.h.Lone && ok && n < uint64(v.end-f.pos) {
		sized = int64(len(buf)-len(rest)) + int64(n) + 4 + format.FooterSize
	}
	if body := f.index.Body(f.headerSize); tag && !f.h.Lone && same < 3*len(buf) {
		_, rest, _ := format.CutUvarint(buf[1:])
		buf, same = rest[:min(len(rest), len(body))], alike(rest, body)
	}
	if same < 3*len(buf) || !tag && same < 4*(len(want)-1) {
		return false, nil
	}
	next, err := v.findHeader(f.pos+1, v.end)
	if err != nil {
		return false, err
	}
	f.broken = fmt.Errorf("%w: the index at byte %d is damaged", stream.ErrCorrupt, f.pos)
	if next-f.pos < int64(len(want)) {
		f.broken = fmt.Errorf("%w: the index at byte %d is cut off", stream.ErrTruncated, f.pos)
	}
	if sized > 0 && f.pos+sized == next { // with sections that are not known
		f.pos = next
		return true, nil
	}
	// What is behind the end that it should have is looked at as another frame, which may be
	// damaged as well.
	f.pos = min(f.pos+int64(len(want)), next)
	f.zeroed = zeroed
	return true, nil
}

// alike is four times the number of bytes that two texts have in the same place.
func alike(a, b []byte) (n int) {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			n += 4
		}
	}
	return n
}

// head reads the head of the record at off; nil if it makes no sense.
func (v *recoverer) head(f *foundFrame, off int64) (*format.RecordHeader, int64) {
	in := format.NewRecorder(io.NewSectionReader(v.r, off, v.end-off), 128)
	tag, err := in.ReadByte()
	if err != nil || tag&format.TagChunkMask != format.TagChunk {
		return nil, 0
	}
	h, err := format.ReadChunkHeader(in, tag, f.h.ChunkSize)
	if err != nil {
		return nil, 0
	}
	return &h, in.Off + int64(h.Payload)
}

// number is that which the record of size bytes at off was written with, near f.next, or any other
// if it is damaged.
func (v *recoverer) number(f *foundFrame, off, size int64) (int64, error) {
	if off+size > v.end {
		return -1, nil
	}
	record := make([]byte, size)
	if _, err := v.r.ReadAt(record, off); err != nil && err != io.EOF {
		return 0, err
	}
	in := bytes.NewReader(record[1:])
	h, err := format.ReadChunkHeader(in, record[0], f.h.ChunkSize)
	if err != nil || in.Len() != h.Payload {
		return -1, nil
	}
	head := len(record) - in.Len() - format.CheckSize
	is := (h.Check - format.ChunkCheck(record[:head], record[len(record)-in.Len():], 0)) & format.CheckMask
	return f.next + int64(int32((is-uint32(f.next))<<8)>>8), nil
}

// searchBlock is how many bytes are searched for a record at a time, at least.
const searchBlock = 4 << 20

// search finds the next thing behind f.pos that is intact beyond doubt: a chunk record, with its
// number, in front of another thing that is intact; an index, a header, or the end, with number -1.
func (v *recoverer) search(f *foundFrame) (to, number int64, err error) {
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
		tag := byte(format.TagIndex)
		if f.h.Lone {
			tag = format.TagLoneIndex
		}
		for i := int64(0); ; i++ {
			n := bytes.IndexByte(data[min(i, to-from):to-from], tag)
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
		high := f.next + int64(len(data))/format.MinRecord + 1
		for at := 0; int64(at) < to-from; at++ {
			r := format.FindRecord(data[:to-from], at, f.h.ChunkSize, f.next, high, &work)
			if r == nil {
				break
			}
			at = r.At
			ok, err := v.follows(f, from+int64(r.At+r.Size), r.Number+1)
			if err != nil {
				return 0, 0, err
			}
			if ok {
				to, number = from+int64(r.At), r.Number
				break
			}
		}
		if to < end || end == v.end {
			return to, number, nil
		}
	}
}

// lone finds records between two offsets that are intact, with numbers up to high, and nothing
// intact behind them.
func (v *recoverer) lone(f *foundFrame, from, to, high int64) ([]*entry, error) {
	if to-from > 256<<20 || high < f.next {
		return nil, nil
	}
	data := make([]byte, to-from)
	if _, err := v.r.ReadAt(data, from); err != nil && err != io.EOF {
		return nil, err
	}
	var list []*entry
	work := int64(len(data))*64 + 1<<20
	for at := 0; at < len(data); {
		r := format.FindRecord(data, at, f.h.ChunkSize, f.next, high, &work)
		if r == nil {
			break
		}
		at = r.At + r.Size
		if !slices.ContainsFunc(list, func(e *entry) bool { return e.number == r.Number }) {
			c := &format.Record{RecordHeader: r.RecordHeader, Number: r.Number, Offset: from + int64(r.At)}
			list = append(list, &entry{number: r.Number, chunk: c, size: int64(r.Size), offset: c.Offset})
		}
	}
	slices.SortFunc(list, func(a, b *entry) int { return int(a.number - b.number) })
	return list, nil
}

// between puts the chunks that were found in a gap into it.
func between(gap *entry, found []*entry) (list []*entry) {
	last := int64(-1) // number behind the gap
	if gap.count >= 0 {
		last = gap.number + gap.count
	}
	for _, e := range found {
		if e.number > gap.number {
			part := *gap
			part.count = e.number - gap.number
			part.size = max(0, e.offset-gap.offset)
			list = append(list, &part)
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
