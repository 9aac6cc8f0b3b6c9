package stream

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/gram"
)

// The filters of a group of chunks follow its last one, in an auxiliary record.
const (
	auxFilter     = 4
	maxFilter     = 1 << 16                      // bytes of the table of one chunk
	maxFilterBody = 20 + groupSize*(maxFilter+4) // bytes of a record's body
	filterShare   = 50                           // a table takes at most this part of the payload, as a divisor
	minFilter     = 2                            // bytes; less is not worth it
	noFilter      = gram.None | gram.None<<4     // shifts of a chunk that has none
	filterContext = gram.Size - 1                // bytes in front of a chunk that its first grams may begin with
)

// chunkFilter is what a filter record says of one chunk.
type chunkFilter struct {
	gram.Filter
	ends bool // with a line end
}

// filters collects, for the frame that is being written, those of the current group.
type filters struct {
	known *gram.Known // the grams of what chunks start from
	group []chunkFilter
	last  []byte // of what was submitted: as many bytes as filterContext, or fewer
	due   []byte // the record of a full group, to be written in front of the next chunk
}

// context gives what is in front of a chunk that is submitted.
func (f *filters) context(raw []byte) []byte {
	before := f.last
	f.last = append(append([]byte{}, before...), raw[max(0, len(raw)-filterContext):]...)
	f.last = f.last[max(0, len(f.last)-filterContext):]
	return before
}

// newChunkFilter makes that of a chunk that was encoded. What decodes fast, or is random, gets none.
func newChunkFilter(t *encodeTask, known *gram.Known) chunkFilter {
	limit := 0
	if m := t.header.method; t.share > 0 && (m == codec.Mix || m == codec.LM) && 8*len(t.payload) < 7*len(t.raw) {
		limit = min(len(t.payload)/t.share, maxFilter)
	}
	if limit < minFilter {
		limit = 0
	}
	return chunkFilter{gram.Build(t.before, t.raw, known, limit), t.raw[len(t.raw)-1] == '\n'}
}

// add counts the filter of the chunk of this number, which has been written.
func (f *filters) add(number int64, c chunkFilter) {
	if f.group = append(f.group, c); len(f.group) == groupSize {
		f.finish(number + 1)
	}
}

// finish makes the record of the group whose chunks end in front of the number, unless it would say nothing.
func (f *filters) finish(end int64) {
	useful := false
	for _, c := range f.group {
		useful = useful || c.shifts() != noFilter
	}
	if useful && end > 1 {
		f.due = appendAuxiliary(nil, auxFilter, appendFilters(nil, end-int64(len(f.group)), f.group))
	}
	f.group = f.group[:0]
}

func (c *chunkFilter) shifts() byte { return byte(c.Shift[gram.Letters] | c.Shift[gram.Others]<<4) }

// appendFilters appends the body of the record for chunks from a number on.
func appendFilters(dst []byte, first int64, group []chunkFilter) []byte {
	dst = binary.AppendUvarint(dst, uint64(first))
	for _, c := range group {
		size := uint64(len(c.Table)) << 1
		if c.ends {
			size |= 1
		}
		dst = binary.AppendUvarint(dst, size)
		dst = append(dst, c.shifts())
		dst = append(dst, c.Table...)
	}
	return dst
}

// parseFilters takes the body of a record for count chunks from number first on apart. The tables are views of it.
func parseFilters(body []byte, first, count int64) ([]chunkFilter, error) {
	wrong := fmt.Errorf("%w: filter record", ErrCorrupt)
	n, body, ok := cutUvarint(body)
	if !ok || n != uint64(first) {
		return nil, wrong
	}
	var group []chunkFilter
	for range count {
		size, rest, ok := cutUvarint(body)
		if !ok || size>>1 > maxFilter || len(rest) < 1 || uint64(len(rest)-1) < size>>1 {
			return nil, wrong
		}
		c := chunkFilter{ends: size&1 == 1}
		c.Shift[gram.Letters], c.Shift[gram.Others] = int(rest[0]&15), int(rest[0]>>4)
		c.Table, body = rest[1:1+size>>1], rest[1+size>>1:]
		group = append(group, c)
	}
	if len(body) > 0 {
		return nil, wrong
	}
	return group, nil
}

// filters gives those of a group of chunks; nil if there are none that are intact.
func (a *Archive) filters(f *archiveFrame, g int) ([]chunkFilter, error) {
	at := f.groups[g+1].offset
	if g+2 == len(f.groups) || f.listed != nil {
		chunks, err := a.group(f, g)
		if err != nil {
			return nil, err
		}
		last := chunks[len(chunks)-1]
		at = last.Offset + last.Size
	}
	first := int64(g) * groupSize
	group, _, _ := readFilters(a.r, at, f.total().offset, first, min(groupSize, f.chunks-first))
	return group, nil
}

// readFilters finds the filter record for count chunks from number first on among the auxiliary records from at up to end, and says
// where it is; nil if there is none that is intact.
func readFilters(r io.ReaderAt, at, end, first, count int64) (group []chunkFilter, offset, size int64) {
	in := newRecorder(io.NewSectionReader(r, at, end-at), 4<<10)
	in.off = at
	for {
		offset := in.off
		in.reset()
		if tag, err := in.ReadByte(); err != nil || tag != tagAuxiliary {
			return nil, 0, 0
		}
		kind, body, err := readAuxiliaryBody(in, maxFilterBody)
		if err != nil {
			return nil, 0, 0
		}
		if kind != auxFilter {
			continue
		}
		if group, err := parseFilters(body, first, count); err == nil {
			return group, offset, in.off - offset
		}
	}
}
