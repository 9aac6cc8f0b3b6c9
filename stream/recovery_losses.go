package stream

import (
	"fmt"

	"github.com/lmz-go/lmz/internal/format"
)

// settle finds out what the gaps of a frame held, and adds them to the losses.
func (v *recoverer) settle(f *recoveredFrame) {
	total := int64(-1)
	var groups []format.Place
	if f.tail != nil {
		total = f.tail.Total.Chunks
		if f.next < total { // records are missing in front of the index
			f.entries = append(f.entries, entry{number: f.next, offset: f.tail.Index, count: total - f.next,
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
		if p, err := f.tail.Places(f.h.ChunkSize, f.tail.Start+f.headerSize); err == nil {
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
		if g := e.number / format.GroupSize; groups != nil && e.number%format.GroupSize == 0 && int(g) < len(groups) && v.known {
			raw, lines, known = v.raw+groups[g].Raw, v.lines+groups[g].Lines, true
		}
		if e.chunk != nil {
			if f.orphan(e) {
				v.addOrphan(e, raw, lines, known)
			}
			raw, lines = raw+int64(e.chunk.Raw), lines+int64(e.chunk.Lines)
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
		t := f.tail.Total
		if intact && (t.Raw != raw-v.raw || t.Lines != lines-v.lines) {
			v.Repaired = append(v.Repaired, fmt.Errorf("%w: the index of the frame at byte %d tells of other records", ErrCorrupt, f.start))
		} else {
			raw, lines, known = v.raw+t.Raw, v.lines+t.Lines, v.known
		}
	}
	v.raw, v.lines, v.known = raw, lines, known
}

// weigh finds out how many bytes and lines the gaps hold, from what the index says about groups. Where it does not, the
// heads of records are believed.
func (f *recoveredFrame) weigh(groups []format.Place) {
	if groups == nil {
		return
	}
	for i := range f.entries {
		e := &f.entries[i]
		if e.chunk != nil || e.count <= 0 {
			continue
		}
		first, last := int(e.number/format.GroupSize), int((e.number+e.count-1)/format.GroupSize)
		if last+1 >= len(groups) {
			continue
		}
		raw, lines := groups[last+1].Raw-groups[first].Raw, groups[last+1].Lines-groups[first].Lines
		alone := true
		weighed := func(j int) bool {
			o := &f.entries[j]
			if int((o.number+max(1, o.count)-1)/format.GroupSize) < first || int(o.number/format.GroupSize) > last {
				return false
			}
			switch {
			case o.chunk != nil:
				raw, lines = raw-int64(o.chunk.Raw), lines-int64(o.chunk.Lines)
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
