package coder

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// zstdWindow is the greatest distance of a match, and with it the memory that a hostile frame can
// make the decoder take.
const zstdWindow = 8 << 20

// zstdAtOnce is how much is encoded between two looks at the context.
const zstdAtOnce = 1 << 20

// zstdScratch is the memory of zstd, tens of MiB for the encoder: a worker has one for all its
// lanes.
type zstdScratch struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// zstdCoder is the method that writes one zstd frame.
type zstdCoder struct{ lane *Lane }

func (c zstdCoder) Encode(dst, src []byte) ([]byte, error) {
	if len(src) == 0 {
		return dst, nil
	}
	scratch := &c.lane.worker.zstd
	if scratch.encoder == nil {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderCRC(false),
			zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstdWindow))
		if err != nil {
			return dst, err
		}
		scratch.encoder = e
	}
	e := scratch.encoder
	if len(src) <= zstdAtOnce {
		return e.EncodeAll(src, dst), nil
	}
	out := bytes.NewBuffer(dst)
	e.ResetContentSize(out, int64(len(src)))
	for part := range slices.Chunk(src, zstdAtOnce) {
		if _, err := e.Write(part); err != nil {
			return dst, err
		}
		if ctx := c.lane.Context(); ctx.Err() != nil {
			return dst, context.Cause(ctx)
		}
	}
	err := e.Close()
	return out.Bytes(), err
}

// Decode reads the frame as a stream, which takes memory for a window and for what has been
// decoded, but not for what the frame says.
func (c zstdCoder) Decode(dst, src []byte, n int) ([]byte, error) {
	if n == 0 && len(src) == 0 {
		return dst, nil
	}
	scratch, ctx := &c.lane.worker.zstd, c.lane.Context()
	if scratch.decoder == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow),
			zstd.WithDecoderLowmem(true))
		if err != nil {
			return dst, err
		}
		scratch.decoder = d
	}
	d := scratch.decoder
	if err := d.Reset(bytes.NewReader(src)); err != nil {
		return dst, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	start := len(dst)
	for {
		if ctx.Err() != nil {
			return dst[:start], context.Cause(ctx)
		}
		left := n - (len(dst) - start)
		if left < 0 {
			return dst[:start], fmt.Errorf("%w: more than %d bytes", ErrCorrupt, n)
		}
		if len(dst) == cap(dst) { // twice as much, but no more than n and a byte that tells of more
			grown := make([]byte, len(dst), len(dst)+min(left, max(len(dst)-start, 64<<10))+1)
			copy(grown, dst)
			dst = grown
		}
		free := dst[len(dst) : len(dst)+min(cap(dst)-len(dst)-1, left)+1]
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
