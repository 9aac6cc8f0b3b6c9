package salvage

import (
	"bytes"
	"io"

	"github.com/lmz-go/lmz/internal/format"
)

// header reads the header at off; h is nil if there is none.
func (v *recoverer) header(off int64) (h *format.Header, size int64, err error) {
	buf := make([]byte, min(int64(len(format.HeaderMagic)), v.end-off))
	if _, err := v.r.ReadAt(buf, off); err != nil && err != io.EOF {
		return nil, 0, err
	}
	if string(buf) != format.HeaderMagic {
		return nil, 0, nil
	}
	buf = make([]byte, min(16+format.MaxFields, v.end-off))
	if _, err := v.r.ReadAt(buf, off); err != nil && err != io.EOF {
		return nil, 0, err
	}
	h, size = wholeHeader(buf)
	return h, size, nil
}

// mendHeader restores the header at off if a single byte of it is wrong: its checksum tells which
// one, and what it was.
func (v *recoverer) mendHeader(off int64) (h *format.Header, mended []byte, err error) {
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

// mendTries is how many places of an archive that look like a damaged header are tried: some
// milliseconds each.
const mendTries = 1 << 10

// mendable finds the first header between two offsets of which a single byte is wrong; to if there
// is none.
func (v *recoverer) mendable(from, to int64) (int64, error) {
	const block = 1 << 20
	const magic = len(format.HeaderMagic)
	buf := make([]byte, min(block+int64(magic)-1, max(0, v.end-from)))
	for ; from < to; from += block {
		n, err := v.r.ReadAt(buf[:min(int64(len(buf)), v.end-from)], from)
		if err != nil && err != io.EOF {
			return 0, err
		}
		for i := 0; i+magic <= n && from+int64(i) < to; i++ {
			if alike(buf[i:i+magic], []byte(format.HeaderMagic)) < 4*(magic-1) {
				continue
			}
			if v.tries++; v.tries > mendTries {
				return to, nil
			}
			if h, _, err := v.mendHeader(from + int64(i)); h != nil || err != nil {
				return from + int64(i), err
			}
		}
	}
	return to, nil
}

// wholeHeader parses the header that buf begins with; nil if its checksum is wrong.
func wholeHeader(buf []byte) (*format.Header, int64) {
	size := format.HeaderSize(buf)
	if size == 0 {
		return nil, 0
	}
	h, err := format.ReadHeader(format.NewRecorder(bytes.NewReader(buf[:size]), size))
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
	f := &foundFrame{start: v.pos, pos: next}
	// An index at the end of it tells what it held.
	if t, err := format.ReadTail(v.r, next, 1<<30); err == nil && t != nil && t.Start <= v.pos+1<<16 {
		f.tail = t
	}
	v.frames = append(v.frames, f)
	v.pos = next
	return nil
}

// findHeader finds the first whole header from an offset on; end if there is none.
func (v *recoverer) findHeader(from, end int64) (int64, error) {
	const block = 1 << 20
	buf := make([]byte, block+len(format.HeaderMagic))
	for ; from < end; from += block {
		n, err := v.r.ReadAt(buf[:min(int64(len(buf)), end-from)], from)
		if err != nil && err != io.EOF {
			return 0, err
		}
		for at := 0; ; at++ {
			i := bytes.Index(buf[at:n], []byte(format.HeaderMagic))
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
