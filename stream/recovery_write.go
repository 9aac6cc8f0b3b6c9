package stream

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/lmz-go/lmz/internal/format"
)

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
	if h.Primer == format.PrimerFirstChunk && !f.primer() {
		h.Primer = format.PrimerNone
		header = format.AppendHeader(nil, &h)
	}
	if len(chunks) == 0 && len(f.entries) > 0 {
		return nil
	}
	x := format.Index{ChunkSize: int64(h.ChunkSize)}
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
			x.Auxiliary(e.size)
			continue
		}
		whole, err := v.payload(e)
		if err != nil {
			return err
		}
		head := format.AppendChunk(nil, &e.chunk.RecordHeader, h.ChunkSize, n, whole)
		head = head[:len(head)-len(whole)]
		v.put(head)
		if e.chunk.Whole {
			v.put(whole)
		} else {
			v.copy(e.offset+e.size-int64(len(whole)), int64(len(whole)))
		}
		x.Chunk(int64(len(head)+len(whole)), e.chunk.Raw, e.chunk.Lines)
		v.Chunks++
		n++
		if i == 0 && h.Primer == format.PrimerFirstChunk && len(chunks) > 1 && !chunks[1].aux {
			parity := format.AppendParity(nil, slices.Concat(head, whole))
			v.put(parity)
			x.Auxiliary(int64(len(parity)))
		}
		same = same && e.number == int64(i)
		if n := int64(i%format.GroupSize + 1); same && (n == format.GroupSize || i == len(chunks)-1) {
			if _, from, size := format.ReadFilters(v.r, e.offset+e.size, v.end, int64(i)+1-n, n); size > 0 {
				v.copy(from, size)
				x.Auxiliary(size)
			}
		}
	}
	v.put(format.AppendIndex(nil, &x, headerSize))
	return nil
}

// payload gives that of a chunk that was found.
func (v *recoverer) payload(e entry) ([]byte, error) {
	if e.chunk.Whole {
		return e.chunk.Payload, nil
	}
	p := make([]byte, e.chunk.RecordHeader.Payload)
	_, err := v.r.ReadAt(p, e.offset+e.size-int64(len(p)))
	if err == io.EOF {
		err = nil
	}
	return p, err
}

// primer says whether the frame's first chunk is there.
func (f *recoveredFrame) primer() bool {
	i := slices.IndexFunc(f.entries, func(e entry) bool { return e.chunk != nil })
	return i >= 0 && f.entries[i].number == 0
}

// orphan says whether a chunk starts from a primer that is lost.
func (f *recoveredFrame) orphan(e *entry) bool {
	return e.chunk.Primed && f.h.Primer == format.PrimerFirstChunk && !f.primer()
}

// addOrphan adds an intact chunk whose primer is lost to the losses, or to the last one if it follows that.
func (v *recoverer) addOrphan(e *entry, raw, lines int64, known bool) {
	if n := len(v.Losses); n > 0 {
		l := &v.Losses[n-1]
		if l.Chunk+l.Chunks == e.number && errors.Is(l.Err, errOrphan) && l.Offset+l.Size <= e.offset {
			l.Size, l.Chunks, l.RawSize, l.Lines = e.offset+e.size-l.Offset, l.Chunks+1, l.RawSize+int64(e.chunk.Raw), l.Lines+int64(e.chunk.Lines)
			return
		}
	}
	if !known {
		raw, lines = -1, -1
	}
	v.Losses = append(v.Losses, Loss{
		Offset: e.offset, Size: e.size, Chunk: e.number, Chunks: 1, RawOffset: raw, RawSize: int64(e.chunk.Raw), Line: lines,
		Lines: int64(e.chunk.Lines), Err: errOrphan,
	})
}

var errOrphan = fmt.Errorf("%w: it is intact, but depends on the frame's first chunk", ErrCorrupt)
