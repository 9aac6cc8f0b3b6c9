package salvage

import (
	"bytes"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/stream"
)

// placed is a chunk of the recovered archive.
type placed struct {
	frame  *foundFrame
	entry  *entry
	number int64 // in the recovered frame
	raw    int64 // of its first byte in the content of the recovered archive
	line   int64 // line ends in front of it there

	group *filters // of the chunks from this one on; nil: they are looked for in the frame
}

// assemble makes the recovered archive of what was found, and lists its chunks.
func (v *recoverer) assemble() ([]placed, error) {
	v.image, v.changed = image{r: v.r}, false
	var list []placed
	for _, f := range v.frames {
		if f.h == nil {
			continue
		}
		n := len(list)
		var err error
		if list, err = v.write(&v.image, f, list); err != nil {
			return nil, err
		}
		for i := max(n, 1); i < len(list); i++ {
			before := list[i-1]
			list[i].raw, list[i].line = before.raw+int64(before.entry.chunk.Raw), before.line+int64(before.entry.chunk.Lines)
		}
	}
	v.Chunks = int64(len(list))
	return list, nil
}

// write adds what was found of a frame to an image, and its chunks to the list.
func (v *recoverer) write(x *image, f *foundFrame, list []placed) (_ []placed, err error) {
	whole := 0 // chunks
	for _, e := range f.entries {
		if f.keeps(e) {
			whole++
		}
	}
	if whole == 0 && len(f.entries) > 0 {
		return list, nil
	}
	h, header := *f.h, f.mended
	if h.Primer == format.PrimerFirstChunk && !f.primer() {
		h.Primer = format.PrimerNone
		header = format.AppendHeader(nil, &h)
	}
	headerSize := f.headerSize
	if header != nil {
		headerSize = int64(len(header))
		x.put(header)
	} else {
		x.copy(f.start, f.headerSize)
	}
	index := format.Index{ChunkSize: int64(h.ChunkSize)}
	n := int64(0)
	same := true // all chunks have the numbers that they had
	for i, e := range f.entries {
		switch {
		case e.aux:
			if !format.IsParity(e.kind) && same && e.number == n && n > 0 && !e.wrong {
				e.put(x)
				index.Auxiliary(e.outSize())
			}
		case f.keeps(e):
			size := e.size
			if e.number == n && !e.recounted && !e.chunk.Whole {
				x.copy(e.offset, e.size)
			} else if size, err = v.writeChunk(x, e, h.ChunkSize, n); err != nil {
				return nil, err
			}
			index.Chunk(size, e.chunk.Raw, e.chunk.Lines)
			list = append(list, placed{frame: f, entry: e, number: n})
			same = same && e.number == n
			if n++; n == 1 {
				if err := v.protect(x, f, i, size, whole, &index); err != nil {
					return nil, err
				}
			}
		}
	}
	x.put(format.AppendIndex(nil, &index, headerSize))
	return list, nil
}

// writeChunk adds a chunk, as number n of its frame, and says how large its record is.
func (v *recoverer) writeChunk(x *image, e *entry, chunkSize int, n int64) (int64, error) {
	payload, err := v.payload(e)
	if err != nil {
		return 0, err
	}
	record := format.AppendChunk(nil, &e.chunk.RecordHeader, chunkSize, n, payload)
	if e.chunk.Whole {
		x.put(record)
	} else {
		x.put(bytes.Clone(record[:len(record)-len(payload)]))
		x.copy(e.offset+e.size-int64(len(payload)), int64(len(payload)))
	}
	return int64(len(record)), nil
}

// protect adds the parity of the first chunk, which entry i is and of which the record was written
// last, if it had one or others start from it.
func (v *recoverer) protect(x *image, f *foundFrame, i int, size int64, chunks int, index *format.Index) error {
	var had *entry
	if i+1 < len(f.entries) && f.entries[i+1].aux && format.IsParity(f.entries[i+1].kind) {
		had = f.entries[i+1]
	}
	kind := uint64(format.AuxParity)
	if had != nil {
		kind = had.kind
	} else if !f.primer() || f.h.Primer != format.PrimerFirstChunk || chunks == 1 {
		return nil
	}
	record := make([]byte, size)
	if _, err := x.ReadAt(record, x.size-size); err != nil && err != io.EOF {
		return err
	}
	parity := format.AppendParity(nil, kind, record)
	index.Auxiliary(int64(len(parity)))
	if had != nil && had.size == int64(len(parity)) {
		stored := make([]byte, had.size)
		if _, err := v.r.ReadAt(stored, had.offset); err != nil && err != io.EOF {
			return err
		}
		if bytes.Equal(stored, parity) {
			x.copy(had.offset, had.size)
			return nil
		}
	}
	if e := f.entries[i]; had != nil && e.number == 0 && !e.recounted && !had.wrong {
		v.Repaired = append(v.Repaired, fmt.Errorf("%w: the parity record at byte %d is not that of the chunk in front of it", stream.ErrCorrupt, had.offset))
		had.wrong = true
	}
	x.put(parity)
	return nil
}

// put adds an auxiliary record.
func (e *entry) put(x *image) {
	if e.mended != nil {
		x.put(e.mended)
	} else {
		x.copy(e.offset, e.size)
	}
}

func (e *entry) outSize() int64 {
	if e.mended != nil {
		return int64(len(e.mended))
	}
	return e.size
}

// payload gives that of a chunk that was found.
func (v *recoverer) payload(e *entry) ([]byte, error) {
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

// keeps says whether an entry is a chunk of the recovered archive.
func (f *foundFrame) keeps(e *entry) bool { return e.chunk != nil && !e.dropped && !f.orphan(e) }

// primer says whether the frame's first chunk is there.
func (f *foundFrame) primer() bool { return f.first != nil && f.first.number == 0 && !f.first.dropped }

// orphan says whether a chunk starts from a primer that is lost.
func (f *foundFrame) orphan(e *entry) bool {
	return e.chunk.Primed && f.h.Primer == format.PrimerFirstChunk && !f.primer()
}
