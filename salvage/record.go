package salvage

import (
	"errors"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/stream"
)

// step reads what is at f.pos. It reports whether the frame has ended.
func (v *recoverer) step(f *foundFrame) (bool, error) {
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
	if h, _, err := v.header(f.pos); h != nil || err != nil {
		return true, err // the writer of this frame was stopped
	}
	e, wrong, err := v.record(f, f.pos, f.next)
	if err != nil {
		return false, err
	}
	if wrong != nil {
		return v.resync(f, wrong)
	}
	f.entries = append(f.entries, e)
	if e.chunk != nil {
		f.index.Chunk(e.size, e.chunk.Raw, e.chunk.Lines)
		f.next++
	} else {
		f.index.Auxiliary(e.size)
	}
	f.pos += e.size
	return false, nil
}

// index reads the index and footer at off, and says where they end; nil: there are none that are
// intact.
func (v *recoverer) index(off int64) (*format.Tail, int64, error) {
	var head [11]byte
	n, err := v.r.ReadAt(head[:], off)
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	if n > 0 && head[0] == format.TagLoneIndex {
		return format.LoneTailAt(v.r, off)
	}
	if n == 0 || head[0] != format.TagIndex {
		return nil, 0, nil
	}
	size, rest, ok := format.CutUvarint(head[1:n])
	if !ok || size > uint64(v.end-off) {
		return nil, 0, nil
	}
	end := off + int64(n-len(rest)) + int64(size) + 4 + format.FooterSize
	if end > v.end {
		return nil, 0, nil
	}
	t, err := format.ReadTail(v.r, end, 1<<30)
	if err != nil && !errors.Is(err, stream.ErrTooLarge) {
		return nil, 0, err
	}
	if t == nil || t.Index != off {
		return nil, 0, nil
	}
	return t, end, nil
}

// record reads the record at off: chunk number n, or an auxiliary record. wrong is what is wrong
// with it.
func (v *recoverer) record(f *foundFrame, off, n int64) (e *entry, wrong, err error) {
	in := format.NewRecorder(&failNoted{r: io.NewSectionReader(v.r, off, v.end-off), err: &err}, 4<<10)
	in.Off = off
	tag, wrong := in.ReadByte()
	if wrong != nil {
		return nil, format.Truncated(wrong), err
	}
	e = &entry{number: n, offset: off}
	if tag == format.TagAuxiliary {
		e.aux = true
		e.kind, wrong = format.ReadAuxiliary(in)
		if errors.Is(wrong, stream.ErrUnsupportedVersion) {
			wrong = nil // whatever it is, it is intact
		}
		e.size = in.Off - off
		return e, wrong, err
	}
	in.Unread([]byte{tag})
	s := &format.Scanner{In: in, Frames: 1, Header: f.h, Start: f.start, Index: format.NewIndex(f.h)}
	s.Index.Total.Chunks = n
	var repaired error
	s.Notice = func(damage error) { repaired = damage }
	var c *format.Record
	if tag&format.TagChunkMask == format.TagChunk || n == 0 {
		if c, wrong = s.NextChunk(); wrong == nil {
			wrong = s.Payload(c)
		}
	} else {
		wrong = fmt.Errorf("%w: no record begins with %02x", stream.ErrCorrupt, tag)
	}
	var at *format.ChunkError
	if errors.As(wrong, &at) {
		wrong = at.Err
	}
	if wrong == io.EOF || wrong == nil && c == nil {
		wrong = fmt.Errorf("%w: index", stream.ErrCorrupt)
	}
	if wrong != nil {
		return nil, wrong, err
	}
	if repaired != nil {
		v.Repaired = append(v.Repaired, repaired)
	} else {
		c.Payload, c.Whole = nil, false // it is in the archive as it should be
	}
	e.chunk, e.size = c, in.Off-off
	return e, nil, err
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

// follows says whether something intact is at off: the record of chunk n, the index of n chunks, a
// header, an auxiliary record, or the end.
func (v *recoverer) follows(f *foundFrame, off, n int64) (bool, error) {
	if off >= v.end {
		return off == v.end, nil
	}
	if t, _, err := v.index(off); t != nil || err != nil {
		return t != nil && t.Total.Chunks == n, err
	}
	if h, _, err := v.header(off); h != nil || err != nil {
		return h != nil, err
	}
	if n == 0 {
		return false, nil
	}
	_, wrong, err := v.record(f, off, n)
	return wrong == nil, err
}
