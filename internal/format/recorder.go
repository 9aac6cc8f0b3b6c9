package format

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// Recorder reads an archive front to back and keeps the bytes read since the last reset, for their checksum.
type recorder struct {
	r   *bufio.Reader
	Off int64 // of the next byte in the archive
	buf []byte
}

func NewRecorder(r io.Reader, ahead int) *recorder {
	return &recorder{r: bufio.NewReaderSize(r, ahead)}
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

// appendN reads n bytes to the end of dst. It grows dst as bytes arrive: n is only what the archive claims.
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
