package stream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Read gives bytes from the position on.
func (a *Archive) Read(p []byte) (n int, err error) {
	if err := a.enter(); err != nil {
		return 0, err
	}
	defer a.leave()
	if len(p) == 0 {
		return 0, nil
	}
	n, err = a.readAt(p, a.pos)
	a.pos += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// Seek moves the position, which may lie behind the end.
func (a *Archive) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += a.pos
	case io.SeekEnd:
		offset += a.Size()
	default:
		return 0, fmt.Errorf("stream: seek from %d", whence)
	}
	if offset < 0 {
		return 0, errors.New("stream: seek to in front of the archive")
	}
	a.pos = offset
	return offset, nil
}

// WriteTo writes what is behind the position to w, decoding in parallel.
func (a *Archive) WriteTo(w io.Writer) (n int64, err error) {
	n, err = a.writeRange(w, a.pos, a.Size())
	a.pos += n
	if err == nil {
		err = a.short
	}
	return n, err
}

// WriteRange writes the n bytes from off on to w, decoding in parallel. It returns io.EOF, or what
// Err gives, if there are fewer.
func (a *Archive) WriteRange(w io.Writer, off, n int64) (int64, error) {
	if off < 0 || n < 0 {
		return 0, fmt.Errorf("stream: range of %d bytes from %d", n, off)
	}
	to := off + min(n, max(0, a.Size()-off))
	written, err := a.writeRange(w, off, to)
	if err == nil && written < n {
		err = a.end()
	}
	return written, err
}

func (a *Archive) writeRange(w io.Writer, from, to int64) (n int64, err error) {
	if err := a.enter(); err != nil {
		return 0, err
	}
	defer a.leave()
	err = a.visit(a.spots(from, to), false, func(s spot, raw []byte, err error) error {
		if err != nil {
			return err
		}
		begin := from + n - s.RawOffset
		part := raw[min(begin, int64(len(raw))):min(int64(len(raw)), to-s.RawOffset)]
		if len(part) == 0 {
			return nil
		}
		var put int
		a.calls.out(func() { put, err = w.Write(part) })
		put, err = wrote(len(part), put, err)
		n += int64(put)
		return err
	})
	return n, err
}

// lineStart is where the line behind n line ends of text begins; there must be as many.
func lineStart(text []byte, n int64) int64 {
	at := 0
	for ; n > 0; n-- {
		at += bytes.IndexByte(text[at:], '\n') + 1
	}
	return int64(at)
}
