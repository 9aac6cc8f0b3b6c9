package salvage

import (
	"io"
	"sort"
)

// image is an archive made of runs of bytes.
type image struct {
	r     io.ReaderAt // the damaged archive
	parts []part
	size  int64
}

// part is a run of bytes of an image: literal, or n bytes of the damaged archive from an offset on.
type part struct {
	at      int64 // in the image
	literal []byte
	from, n int64
}

// ReadAt reads the recovered archive.
func (x *image) ReadAt(p []byte, off int64) (n int, err error) {
	i := sort.Search(len(x.parts), func(i int) bool { return x.parts[i].at > off }) - 1
	for ; n < len(p) && i >= 0 && i < len(x.parts); i++ {
		t := x.parts[i]
		skip := off + int64(n) - t.at
		if skip >= t.n {
			continue
		}
		want := p[n:min(int64(len(p)), int64(n)+t.n-skip)]
		if t.literal != nil {
			n += copy(want, t.literal[skip:])
			continue
		}
		got, err := x.r.ReadAt(want, t.from+skip)
		if n += got; got < len(want) {
			return n, err
		}
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

func (x *image) put(literal []byte) {
	if len(literal) == 0 {
		return
	}
	x.parts = append(x.parts, part{at: x.size, literal: literal, n: int64(len(literal))})
	x.size += int64(len(literal))
}

func (x *image) copy(from, n int64) {
	if n == 0 {
		return
	}
	if last := len(x.parts) - 1; last >= 0 && x.parts[last].literal == nil && x.parts[last].from+x.parts[last].n == from {
		x.parts[last].n += n
		x.size += n
		return
	}
	x.parts = append(x.parts, part{at: x.size, from: from, n: n})
	x.size += n
}
