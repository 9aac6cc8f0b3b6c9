package stream

import (
	"errors"
	"fmt"
	"io"
)

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
