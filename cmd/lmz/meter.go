package main

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/lmz-go/lmz/internal/progress"
)

// meter counts the bytes that one run over a file has seen.
type meter struct {
	read    atomic.Int64 // from the source
	written atomic.Int64 // to the output
	coded   atomic.Int64 // raw bytes that have gone through coders, those of unfinished chunks too

	done, compressed atomic.Int64 // raw bytes of what is in the archive, and what it takes
}

func (m *meter) progress(raw, compressed int64) {
	m.done.Store(raw)
	m.compressed.Store(compressed)
}

// countReader adds what is read through it to n.
type countReader struct {
	io.Reader
	n *atomic.Int64
}

func (c countReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// Len is how many bytes are left, or 0 if that is not known.
func (c countReader) Len() int {
	if l, ok := c.Reader.(interface{ Len() int }); ok {
		return l.Len()
	}
	return 0
}

// countWriter adds what is written through it to n.
type countWriter struct {
	io.Writer
	n *atomic.Int64
}

func (c countWriter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n.Add(int64(n))
	return n, err
}

func (m *meter) source(r io.Reader) io.Reader { return countReader{r, &m.read} }
func (m *meter) output(w io.Writer) io.Writer { return countWriter{w, &m.written} }

// metered gives a context whose coders count what they code in the meter of the moment. A chunk
// takes seconds, or minutes with a slow model, so the bytes that are read and written, which come
// and go by chunks, would make a bar that stands still.
func metered(ctx context.Context, meter func() *meter) context.Context {
	return progress.With(ctx, func(before, done, _ int) { meter().coded.Add(int64(done - before)) })
}
