package codec

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// zstdWindow is the greatest distance of a match, and with it the memory that a hostile frame can make the decoder take.
const zstdWindow = 8 << 20

// zstdScratch is the memory of zstd, tens of MiB for the encoder: a worker has one for all its lanes.
type zstdScratch struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// zstdCoder is the method that writes one zstd frame.
type zstdCoder struct{ scratch *zstdScratch }

func (c zstdCoder) Encode(dst, src []byte) ([]byte, error) {
	if len(src) == 0 {
		return dst, nil
	}
	if c.scratch.encoder == nil {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderCRC(false),
			zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstdWindow))
		if err != nil {
			return dst, err
		}
		c.scratch.encoder = e
	}
	return c.scratch.encoder.EncodeAll(src, dst), nil
}

// Decode reads the frame as a stream, which takes memory for a window and for what has been decoded, but not for what the
// frame says.
func (c zstdCoder) Decode(dst, src []byte, n int) ([]byte, error) {
	if n == 0 && len(src) == 0 {
		return dst, nil
	}
	if c.scratch.decoder == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow),
			zstd.WithDecoderLowmem(true))
		if err != nil {
			return dst, err
		}
		c.scratch.decoder = d
	}
	d := c.scratch.decoder
	if err := d.Reset(bytes.NewReader(src)); err != nil {
		return dst, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	start := len(dst)
	for {
		dst = slices.Grow(dst, 512)
		free := dst[len(dst):cap(dst)]
		left := n - (len(dst) - start)
		if left < 0 {
			return dst[:start], fmt.Errorf("%w: more than %d bytes", ErrCorrupt, n)
		}
		free = free[:min(len(free)-1, left)+1]
		m, err := d.Read(free)
		dst = dst[:len(dst)+m]
		switch {
		case err == io.EOF && len(dst)-start == n:
			return dst, nil
		case err == io.EOF:
			return dst[:start], fmt.Errorf("%w: %d bytes, want %d", ErrCorrupt, len(dst)-start, n)
		case err != nil:
			return dst[:start], fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
	}
}
