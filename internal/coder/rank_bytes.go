package coder

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"sync/atomic"

	"github.com/klauspost/compress/flate"

	"github.com/lmz-go/lmz/codec"
)

// ByteCompressor is a compressor of bytes that ranks are written with.
type ByteCompressor struct {
	// Compress gives a writer of the compressed form of what is written, to w.
	Compress func(w io.Writer) (io.WriteCloser, error)

	// Expand gives a reader of what the bytes were made of. Its memory has a bound that does not
	// depend on what they claim. After io.EOF, either src is at its end or src had more than was
	// needed.
	Expand func(src *bytes.Reader) (io.Reader, error)
}

var brotli atomic.Pointer[ByteCompressor]

// RegisterBrotli makes the method codec.RankBrotli known. Package brotli does so when it is
// imported.
func RegisterBrotli(c ByteCompressor) { brotli.Store(&c) }

func byteCompressor(m codec.Method) (*ByteCompressor, error) {
	switch m {
	case codec.RankGzip:
		return &deflate, nil
	case codec.RankBrotli:
		if c := brotli.Load(); c != nil {
			return c, nil
		}
		return nil, fmt.Errorf("%w %s: this program was built without the package github.com/lmz-go/lmz/brotli", codec.ErrMethod, m)
	}
	return nil, fmt.Errorf("%w %d", codec.ErrMethod, m)
}

var deflate = ByteCompressor{
	Compress: func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) },
	Expand:   func(src *bytes.Reader) (io.Reader, error) { return flate.NewReader(src), nil },
}

// rankBytes writes ranks as varints, and compresses these.
type rankBytes struct {
	lane *Lane
	by   *ByteCompressor

	dst   []byte
	plain []byte // the varints

	src  *bytes.Reader
	from *bufio.Reader
}

func (r *rankBytes) begin(dst []byte) { r.dst, r.plain = dst, r.plain[:0] }

func (r *rankBytes) put(rank uint32) { r.plain = binary.AppendUvarint(r.plain, uint64(rank)) }

// rankBytesAtOnce is how much is compressed between two looks at the context.
const rankBytesAtOnce = 64 << 10

func (r *rankBytes) end() ([]byte, error) {
	out := bytes.NewBuffer(r.dst)
	w, err := r.by.Compress(out)
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(r.plain, rankBytesAtOnce) {
		if _, err := w.Write(part); err != nil {
			return nil, err
		}
		if ctx := r.lane.Context(); ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	err = w.Close()
	return out.Bytes(), err
}

func (r *rankBytes) open(src []byte) error {
	r.src = bytes.NewReader(src)
	from, err := r.by.Expand(r.src)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	r.from = bufio.NewReaderSize(from, 512)
	return nil
}

func (r *rankBytes) next() (uint32, error) {
	var rank uint64
	for shift := 0; ; shift += 7 {
		b, err := r.from.ReadByte()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		rank |= uint64(b&0x7f) << shift
		switch {
		case rank > math.MaxInt32:
			return 0, fmt.Errorf("%w: a rank above %d", ErrCorrupt, math.MaxInt32)
		case b == 0 && shift > 0:
			return 0, fmt.Errorf("%w: not the shortest form of a rank", ErrCorrupt)
		case b < 0x80:
			return uint32(rank), nil
		case shift == 28:
			return 0, fmt.Errorf("%w: a rank of more than five bytes", ErrCorrupt)
		}
	}
}

func (r *rankBytes) close() error {
	_, err := r.from.ReadByte()
	switch {
	case err == nil || err == io.EOF && r.src.Len() > 0:
		return fmt.Errorf("%w: more behind the last rank", ErrCorrupt)
	case err != io.EOF:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}
