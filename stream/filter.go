package stream

import (
	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/gram"
	"github.com/lmz-go/lmz/internal/mix"
)

const (
	filterShare = 50 // a filter takes at most this part of the payload, as a divisor
	minFilter   = 2  // bytes; less is not worth it

	// The filter of a chunk that is alone has a record for itself, of so many bytes without its
	// tables. A small one is decoded as fast as it is ruled out, and its filter would be felt.
	loneHead = 16
	minLone  = 512 // bytes of tables
)

// filters collects, for the frame that is being written, those of the current group.
type filters struct {
	group []format.ChunkFilter
	last  []byte // of what was submitted: at most format.FilterContext bytes
	due   []byte // the record of a full group, to be written in front of the next chunk
}

// context gives what is in front of a chunk that is submitted.
func (f *filters) context(raw []byte) []byte {
	before := f.last
	f.last = append(append([]byte{}, before...), raw[max(0, len(raw)-format.FilterContext):]...)
	f.last = f.last[max(0, len(f.last)-format.FilterContext):]
	return before
}

// newChunkFilter makes that of a chunk that was encoded. What decodes fast, is random or no text gets
// none.
func newChunkFilter(t *encodeTask) format.ChunkFilter {
	limit, least := 0, minFilter
	if m := t.header.Method; t.share > 0 && (asksModel(m) || m == codec.BWT) && compresses(t.payload, t.raw) && !mix.IsForeign(t.raw) {
		limit = min(len(t.payload)/t.share, format.MaxFilter)
	}
	if t.lone {
		limit, least = limit-loneHead, minLone
	}
	if limit < least {
		limit = 0
	}
	return format.ChunkFilter{Filter: gram.Build(t.before, t.raw, limit), Ends: t.raw[len(t.raw)-1] == '\n'}
}

// add counts the filter of the chunk of this number, which has been written.
func (f *filters) add(number int64, c format.ChunkFilter) {
	if f.group = append(f.group, c); len(f.group) == format.GroupSize {
		f.finish(number + 1)
	}
}

// finish makes the record of the group whose chunks end in front of the number, unless it would say
// nothing.
func (f *filters) finish(end int64) {
	useful := false
	for _, c := range f.group {
		useful = useful || !c.Silent()
	}
	if useful {
		f.due = format.AppendAuxiliary(nil, format.AuxFilter, format.AppendFilters(nil, end-int64(len(f.group)), f.group))
	}
	f.group = f.group[:0]
}

// filters gives those of a group of chunks; nil if there are none that are intact.
func (a *archive) filters(f *archiveFrame, g int) ([]format.ChunkFilter, error) {
	at, err := a.behindChunks(f, g)
	if err != nil {
		return nil, err
	}
	first := int64(g) * format.GroupSize
	group, _, _ := format.ReadFilters(a.r, at, f.total().Offset, first, min(format.GroupSize, f.chunks-first))
	return group, nil
}
