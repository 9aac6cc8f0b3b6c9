package format

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// recorder reads an archive front to back and keeps the bytes read since the last reset, for their
// checksum.
type recorder struct {
	in  *unreader
	r   *bufio.Reader // of in
	Off int64         // of the next byte in the archive
	buf []byte
}

// NewRecorder makes one that reads up to ahead bytes at a time.
func NewRecorder(r io.Reader, ahead int) *recorder {
	in := &unreader{r: r}
	return &recorder{in: in, r: bufio.NewReaderSize(in, ahead)}
}

// unreader gives bytes that were put back, then those of r.
type unreader struct {
	front []byte
	r     io.Reader
}

func (u *unreader) Read(p []byte) (int, error) {
	if len(u.front) == 0 {
		return u.r.Read(p)
	}
	n := copy(p, u.front)
	u.front = u.front[n:]
	return n, nil
}

// Unread puts bytes that were read last back in front of what is left.
func (r *recorder) Unread(p []byte) {
	r.Off -= int64(len(p))
	r.rebuffer(p, r.r.Size())
}

// rebuffer goes on with p, what has been buffered, and what is left.
func (r *recorder) rebuffer(p []byte, size int) {
	ahead, _ := r.r.Peek(r.r.Buffered())
	r.in.front = slices.Concat(p, ahead, r.in.front)
	if size == r.r.Size() {
		r.r.Reset(r.in)
	} else {
		r.r = bufio.NewReaderSize(r.in, size)
	}
}

// jump goes on with another reader.
func (r *recorder) jump(to io.Reader) {
	r.in.front, r.in.r = nil, to
	r.r.Reset(r.in)
}

func (r *recorder) reset() { r.buf = r.buf[:0] }

func (r *recorder) ReadByte() (byte, error) {
	c, err := r.r.ReadByte()
	if err != nil {
		return 0, err
	}
	r.Off++
	r.buf = append(r.buf, c)
	return c, nil
}

// record reads n bytes and keeps them.
func (r *recorder) record(n int) (err error) {
	r.buf, err = r.appendN(r.buf, n)
	return err
}

// appendN reads n bytes to the end of dst. It grows dst as bytes arrive: n is only what the archive
// claims.
func (r *recorder) appendN(dst []byte, n int) ([]byte, error) {
	for n > 0 {
		step := min(n, max(len(dst), 64<<10))
		dst = slices.Grow(dst, step)
		got, err := io.ReadFull(r.r, dst[len(dst):len(dst)+step])
		dst = dst[:len(dst)+got]
		r.Off += int64(got)
		n -= got
		if err != nil {
			return dst, Truncated(err)
		}
	}
	return dst, nil
}

// sumRest reads n bytes without keeping them and goes on from sum.
func (r *recorder) sumRest(sum uint32, n uint64) (uint32, error) {
	var block [4096]byte
	for n > 0 {
		got, err := io.ReadFull(r.r, block[:min(n, uint64(len(block)))])
		sum = crc32.Update(sum, Castagnoli, block[:got])
		r.Off += int64(got)
		n -= uint64(got)
		if err != nil {
			return sum, Truncated(err)
		}
	}
	return sum, nil
}

// uint32 reads a fixed-width integer that is not kept.
func (r *recorder) uint32() (uint32, error) {
	var b [4]byte
	got, err := io.ReadFull(r.r, b[:])
	r.Off += int64(got)
	return binary.LittleEndian.Uint32(b[:]), Truncated(err)
}

// verifySum reads a CRC32C and compares it with the bytes kept.
func (r *recorder) verifySum(what string) error {
	return r.compareSum(crc32.Checksum(r.buf, Castagnoli), what)
}

func (r *recorder) compareSum(got uint32, what string) error {
	want, err := r.uint32()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%w: checksum of the %s is %08x, want %08x", ErrCorrupt, what, got, want)
	}
	return nil
}

// peek gives the next n bytes, or fewer at the end of input, without taking them. They are valid
// until the next read.
func (r *recorder) peek(n int) ([]byte, error) {
	if n > r.r.Size() {
		r.rebuffer(nil, 2*MaxFields) // more than a header takes
	}
	p, err := r.r.Peek(n)
	if err == io.EOF {
		err = nil
	}
	return p, err
}
