// Package brotli makes the method codec.RankBrotli known to programs that import it. It is a module
// of its own, so that what it needs reaches no others.
package brotli

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"

	"github.com/lmz-go/lmz/internal/coder"
)

func init() { coder.RegisterBrotli(coder.ByteCompressor{Compress: compress, Expand: expand}) }

// windowBits is the greatest window (RFC 7932, section 9.1) of a payload, of 256 KiB, which bounds
// what a decoder takes.
const windowBits = 18

func compress(w io.Writer) (io.WriteCloser, error) {
	return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: windowBits}), nil
}

var errWindow = errors.New("window of the brotli stream is too large")

func expand(src *bytes.Reader) (io.Reader, error) {
	first, err := src.ReadByte()
	if err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	if n := window(first); n > windowBits {
		return nil, fmt.Errorf("%w: 2^%d bytes, at most 2^%d", errWindow, n, windowBits)
	}
	if err := src.UnreadByte(); err != nil {
		return nil, err
	}
	return brotli.NewReader(src), nil
}

// window is the binary logarithm of the window that a stream with this first byte has.
func window(first byte) int {
	switch a, b := int(first>>1&7), int(first>>4&7); {
	case first&1 == 0:
		return 16
	case a > 0:
		return 17 + a
	case b > 0:
		return 8 + b
	}
	return 17
}
