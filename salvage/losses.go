package salvage

import (
	"fmt"
	"slices"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/stream"
)

// settle finds out what the gaps of a frame held, and adds them to the losses.
func (v *recoverer) settle(f *foundFrame) {
	if i := slices.IndexFunc(f.entries, func(e *entry) bool { return e.chunk != nil }); i >= 0 {
		f.first = f.entries[i]
	}
	switch {
	case f.tail != nil:
		total := f.tail.Total.Chunks
		// Where every byte in front of the index is accounted for, nothing is missing there,
		// whatever it says.
		if lies := f.tail.Start == f.start && !f.gaps(); f.next < total && !lies {
			f.entries = append(f.entries, &entry{number: f.next, offset: f.tail.Index, count: total - f.next,
				err: fmt.Errorf("%w: it is missing", stream.ErrCorrupt)})
		} else if f.next != total {
			v.Repaired = append(v.Repaired, fmt.Errorf("%w: the index of the frame at byte %d tells of %d chunks, there are %d", stream.ErrCorrupt, f.start, total, f.next))
			f.tail = nil
		}
	case f.broken != nil:
		v.Repaired = append(v.Repaired, f.broken)
	default:
		v.Repaired = append(v.Repaired, fmt.Errorf("%w; the frame at byte %d has no end, what it had behind its %d chunks is not known", stream.ErrUnfinished, f.start, f.next))
		v.Open++
	}
	var groups []format.Place
	if f.tail != nil {
		if p, err := f.tail.Places(f.h.ChunkSize, f.tail.Start+f.headerSize); err == nil {
			groups = p
		}
	}
	f.weigh(groups)
	raw, lines, known := v.raw, v.lines, v.known
	for i := range f.entries {
		e := f.entries[i]
		if e.aux {
			continue
		}
		if g := e.number / format.GroupSize; groups != nil && e.number%format.GroupSize == 0 && int(g) < len(groups) && v.known {
			raw, lines, known = v.raw+groups[g].Raw, v.lines+groups[g].Lines, true
		}
		if e.chunk != nil {
			switch {
			case !f.orphan(e):
			case known:
				v.addOrphan(e, raw, lines)
			default:
				v.addOrphan(e, -1, -1)
			}
			raw, lines = raw+int64(e.chunk.Raw), lines+int64(e.chunk.Lines)
			continue
		}
		if e.count == 0 {
			v.Repaired = append(v.Repaired, fmt.Errorf("%w: %d bytes at byte %d that belong to no chunk: %w", stream.ErrCorrupt, e.size, e.offset, e.err))
			continue
		}
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
		if !f.gaps() && !f.tail.Agrees(f.counted(), f.headerSize) {
			v.Repaired = append(v.Repaired, fmt.Errorf("%w: the index of the frame at byte %d tells of other records", stream.ErrCorrupt, f.start))
		} else {
			raw, lines, known = v.raw+t.Raw, v.lines+t.Lines, v.known
		}
	}
	v.raw, v.lines, v.known = raw, lines, known
}

// gaps says whether there is anything in the frame that is not a record.
func (f *foundFrame) gaps() bool {
	return slices.ContainsFunc(f.entries, func(e *entry) bool { return e.chunk == nil && !e.aux })
}

// counted is what the index of the frame should be, as its records say.
func (f *foundFrame) counted() *format.Index {
	index := format.NewIndex(f.h)
	x := &index
	for _, e := range f.entries {
		if e.aux {
			x.Auxiliary(e.size)
		} else {
			x.Chunk(e.size, e.chunk.Raw, e.chunk.Lines)
		}
	}
	return x
}

// settleLost adds a frame without a header to the losses.
func (v *recoverer) settleLost(f *foundFrame) {
	l := Loss{
		Offset: f.start, Size: f.pos - f.start, Chunks: -1, RawOffset: -1, RawSize: -1, Line: -1, Lines: -1,
		Err: fmt.Errorf("%w: no frame begins at byte %d", stream.ErrCorrupt, f.start),
	}
	if v.known {
		l.RawOffset, l.Line = v.raw, v.lines
	}
	v.known = false
	if t := f.tail; t != nil {
		l.Chunks, l.RawSize, l.Lines = t.Total.Chunks, t.Total.Raw, t.Total.Lines
		v.raw, v.lines, v.known = v.raw+l.RawSize, v.lines+l.Lines, l.RawOffset >= 0
	}
	v.Losses = append(v.Losses, l)
}

// weigh finds out how many bytes and lines the gaps hold, from what the index says about groups.
// Where it does not, the heads of records are believed.
func (f *foundFrame) weigh(groups []format.Place) {
	if groups == nil {
		return
	}
	for i := range f.entries {
		e := f.entries[i]
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
			o := f.entries[j]
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
