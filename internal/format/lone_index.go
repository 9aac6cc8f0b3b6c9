package format

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
)

// The index of a lone frame is its footer, too, and is read from behind: tag, check of what is
// behind that, and three reversed varints, of which the last one, not being 0, does not end in a
// zero.
const (
	minLoneIndex = 1 + CheckSize + 3
	maxLoneIndex = 1 + CheckSize + 4 + 2*3 // bytes; sizes take up to 3, the distance up to 4
)

// appendLoneIndex appends the index of a frame of one chunk behind a header of this size.
func appendLoneIndex(dst []byte, t *sums, header int64) []byte {
	var body []byte
	for _, v := range []int64{t.Lines, t.Raw, header + t.Records} {
		body = appendReversed(body, uint64(v))
	}
	dst = appendCheck(append(dst, TagLoneIndex), crc32.Checksum(body, Castagnoli))
	return append(dst, body...)
}

// appendReversed appends the bytes of a varint, last one first.
func appendReversed(dst []byte, v uint64) []byte {
	if v >= 0x80 {
		dst = appendReversed(dst, v>>7)
		return append(dst, byte(v)|0x80)
	}
	return append(dst, byte(v))
}

// cutReversed takes a reversed varint of at most four bytes, in its shortest form, from the end of
// src.
func cutReversed(src []byte) (v int64, rest []byte, ok bool) {
	for shift := 0; shift < 28 && len(src) > 0; shift += 7 {
		b := src[len(src)-1]
		src = src[:len(src)-1]
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			return v, src, b > 0 || shift == 0
		}
	}
	return 0, src, false
}

// loneTail parses the index of a lone frame that ends where src does, at this place of the archive;
// nil if there is none that is intact.
func loneTail(src []byte, end int64) *Tail {
	var v [3]int64
	rest, ok := src, true
	for i := range v {
		if v[i], rest, ok = cutReversed(rest); !ok {
			return nil
		}
	}
	if len(rest) < 1+CheckSize || rest[len(rest)-1-CheckSize] != TagLoneIndex {
		return nil
	}
	body := src[len(rest):]
	if crc32.Checksum(body, Castagnoli)&CheckMask != check(rest[len(rest)-CheckSize:]) {
		return nil
	}
	t := &Tail{Index: end - int64(len(body)) - CheckSize - 1, Lone: true}
	t.Start, t.Total = t.Index-v[0], sums{Chunks: 1, Raw: v[1], Lines: v[2]}
	if t.Start < 0 || v[1] < 1 || v[1] > MaxLone || v[2] > v[1] {
		return nil
	}
	return t
}

// readLoneTail reads the index of a lone frame that ends at end; nil if there is none.
func readLoneTail(r io.ReaderAt, end int64) (*Tail, error) {
	src := make([]byte, min(maxLoneIndex, end))
	if _, err := r.ReadAt(src, end-int64(len(src))); err != nil && err != io.EOF {
		return nil, err
	}
	return loneTail(src, end), nil
}

// LoneTailAt reads the index of a lone frame that begins at off, and says where it ends; nil if
// there is none that is intact.
func LoneTailAt(r io.ReaderAt, off int64) (*Tail, int64, error) {
	src := make([]byte, maxLoneIndex)
	n, err := r.ReadAt(src, off)
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	if n == 0 || src[0] != TagLoneIndex {
		return nil, 0, nil
	}
	for size := minLoneIndex; size <= n; size++ {
		end := off + int64(size)
		if t := loneTail(src[:size], end); t != nil && t.Index == off {
			return t, end, nil
		}
	}
	return nil, 0, nil
}

// readLoneIndex reads the index of a lone frame from behind its tag, and compares it with the
// record that went by.
func readLoneIndex(r *recorder, x *Index, header int64) error {
	if x.Total.Chunks != 1 {
		return fmt.Errorf("%w: a lone frame has %d chunks, want 1", ErrCorrupt, x.Total.Chunks)
	}
	want := AppendIndex(nil, x, header)
	if err := r.record(len(want) - 1); err != nil {
		return err
	}
	if !bytes.Equal(r.buf, want) {
		return fmt.Errorf("%w: the index is not that of the chunk in front of it", ErrCorrupt)
	}
	return nil
}
