package main

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/lmz-go/lmz/lm"
)

// meter counts the bytes that one run over a file has seen.
type meter struct {
	read    atomic.Int64 // from the source
	written atomic.Int64 // to the output
	modeled atomic.Int64 // spelled by the tokens that went through the language model: raw bytes

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

// meteredModel counts what a model is asked, in the meter of the moment. A chunk takes minutes with
// a slow model, so the bytes that are read and written, which come and go by chunks, would make a
// bar that stands still.
type meteredModel struct {
	lm.Model
	meter func() *meter
}

func (m meteredModel) NewSession(lanes, window int) (lm.Session, error) {
	s, err := m.Model.NewSession(lanes, window)
	if err != nil {
		return nil, err
	}
	metered := meteredSession{s, m.Pieces(), m.meter}
	if w, ok := s.(lm.Weigher); ok {
		return meteredWeigher{metered, w}, nil
	}
	return metered, nil
}

// meteredWeigher is a meteredSession whose session weighs tokens.
type meteredWeigher struct {
	meteredSession
	weigher lm.Weigher
}

func (s meteredWeigher) Weigh(on bool) { s.weigher.Weigh(on) }

func (s meteredWeigher) Weights(ctx context.Context, of []lm.BlockOf) ([][]uint32, error) {
	return s.weigher.Weights(ctx, of)
}

type meteredSession struct {
	lm.Session
	pieces [][]byte
	meter  func() *meter
}

// Decode counts the last token of each feed: those before it are the window's overlap, which was
// fed before.
func (s meteredSession) Decode(ctx context.Context, feeds []lm.Feed) error {
	n := 0
	for _, f := range feeds {
		n += len(s.pieces[f.Tokens[len(f.Tokens)-1]])
	}
	s.meter().modeled.Add(int64(n))
	return s.Session.Decode(ctx, feeds)
}
