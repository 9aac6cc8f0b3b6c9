package file

import (
	"fmt"
	"io"
	"math"
)

// Snapshot reads a source to where it ended when it was opened, if that is known: who writes to it
// faster than it is read would never let it end.
type Snapshot struct {
	src  *Source
	size int64 // negative: not known
	read int64
}

// Snapshot starts where the source stands. Files of /proc say that they have no bytes, so these are
// read to their end.
func (s *Source) Snapshot() *Snapshot {
	r := &Snapshot{src: s, size: -1}
	if size := s.Size(); size > 0 {
		r.size = size
	}
	return r
}

func (r *Snapshot) Read(p []byte) (int, error) {
	if r.size >= 0 {
		left := r.size - r.read
		if left <= 0 && len(p) > 0 {
			return 0, io.EOF
		}
		p = p[:min(int64(len(p)), left)]
	}
	n, err := r.src.Read(p)
	r.read += int64(n)
	return n, err
}

// Len is how many bytes are left, or 0 if that is not known.
func (r *Snapshot) Len() int { return int(min(max(0, r.size-r.read), math.MaxInt)) }

// Changed says what has become of the source's size since it was opened, or nothing. It is for
// after the end.
func (r *Snapshot) Changed() string {
	if r.size < 0 || r.src.object != nil { // one version of an object stays as it is
		return ""
	}
	if r.read < r.size {
		return fmt.Sprintf("it was cut off while it was read: only %d of its %d bytes were there", r.read, r.size)
	}
	return r.src.Grown()
}

// Grown says that a regular file has more bytes than when it was opened, or nothing.
func (s *Source) Grown() string {
	if !s.Info.Mode().IsRegular() || s.SizeNow() <= s.Size() {
		return ""
	}
	return fmt.Sprintf("it has grown while it was read: only the %d bytes that it had at the beginning were taken", s.Size())
}
