package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/lmz-go/lmz/internal/format"
)

// header reads the header at off; h is nil if there is none.
func (v *recoverer) header(off int64) (h *Header, size int64, err error) {
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

// mendHeader restores the header at off if a single byte of it is wrong: its checksum tells which one, and what it was.
func (v *recoverer) mendHeader(off int64) (h *Header, mended []byte, err error) {
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

// wholeHeader parses the header that buf begins with; nil if its checksum is wrong.
func wholeHeader(buf []byte) (*Header, int64) {
	if len(buf) < len(format.HeaderMagic)+1 || string(buf[:len(format.HeaderMagic)]) != format.HeaderMagic || buf[len(format.HeaderMagic)] != format.Version {
		return nil, 0
	}
	n, fields, ok := format.CutUvarint(buf[len(format.HeaderMagic)+1:])
	if !ok || n > format.MaxFields || uint64(len(fields)) < n+4 {
		return nil, 0
	}
	size := len(buf) - len(fields) + int(n) + 4
	if crc32.Checksum(buf[:size-4], format.Castagnoli) != binary.LittleEndian.Uint32(buf[size-4:]) {
		return nil, 0
	}
	h, err := format.ParseHeader(fields[:n])
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
	l := Loss{
		Offset: v.pos, Size: next - v.pos, Chunks: -1, RawOffset: -1, RawSize: -1, Line: -1, Lines: -1,
		Err: fmt.Errorf("%w: no frame begins at byte %d", ErrCorrupt, v.pos),
	}
	if v.known {
		l.RawOffset, l.Line = v.raw, v.lines
	}
	v.known = false
	// An index at the end of it tells what it held.
	if t, err := format.ReadTail(v.r, next, DefaultMemoryLimit); err == nil && t != nil && t.Start <= v.pos+1<<16 {
		l.Chunks, l.RawSize, l.Lines = t.Total.Chunks, t.Total.Raw, t.Total.Lines
		v.raw, v.lines, v.known = v.raw+l.RawSize, v.lines+l.Lines, l.RawOffset >= 0
	}
	v.Losses = append(v.Losses, l)
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
