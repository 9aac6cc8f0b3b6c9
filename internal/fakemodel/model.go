// Package fakemodel is a language model in plain Go that keeps the contract of lm.Model to the
// letter and checks that its callers do: for tests of everything that uses a model.
//
// It predicts what followed the latest occurrence in the window of the last two tokens, above noise
// that is a hash of the window and the position.
package fakemodel

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/lmz-go/lmz/lm"
)

// ErrFail is what Decode returns at Options.FailAt.
var ErrFail = errors.New("fakemodel: failed as told")

// Tokenizer says how far Tokenize keeps the text.
type Tokenizer int

const (
	Exact       Tokenizer = iota // to the byte
	SpacePrefix                  // a space comes first, as with SentencePiece
	Lossy                        // CR LF becomes LF, and U+00C5 becomes U+0041 U+030A
)

// Options describe a model; the zero value is a good one.
type Options struct {
	Seed      uint64 // models with different seeds differ in logits and in ID
	Drift     uint64 // models with different drifts differ in logits, but not in ID
	Class     string // default "fake"
	Pieces    [][]byte
	Tokenizer Tokenizer
	FailAt    int // the Decode of a session that fails, from 1; 0: none

	// Row may change the row of logits after the tokens that a lane holds; nil changes none.
	Row func(held []int32, row []float32)
}

// Model is the lm.Model. Token 0 of the default pieces is BOS, which has no piece.
type Model struct {
	options  Options
	id       lm.ModelID
	pieces   [][]byte
	tokens   map[string]int32
	longest  int // piece
	noise    []float32
	sessions atomic.Int64
}

var _ lm.Model = (*Model)(nil)

// noiseRows is the number of places of the noise where a row can begin.
const noiseRows = 1 << 12

// New makes a model.
func New(o Options) *Model {
	if o.Class == "" {
		o.Class = "fake"
	}
	m := &Model{options: o, pieces: o.Pieces, tokens: map[string]int32{}}
	if m.pieces == nil {
		m.pieces = DefaultPieces()
	}
	hash := sha256.New()
	binary.Write(hash, binary.LittleEndian, o.Seed)
	for t, p := range m.pieces {
		hash.Write(append(binary.AppendUvarint(nil, uint64(len(p))), p...))
		m.longest = max(m.longest, len(p))
		if len(p) > 0 {
			m.tokens[string(p)] = int32(t)
		}
	}
	m.id = lm.ModelID{SHA256: [32]byte(hash.Sum(nil)), Name: "fake", Class: o.Class}
	m.noise = make([]float32, noiseRows+len(m.pieces))
	x := mix(o.Seed ^ mix(o.Drift))
	for i := range m.noise {
		x = mix(x + 0x9e3779b97f4a7c15)
		m.noise[i] = float32(int16(x>>48)) / (1 << 15)
	}
	return m
}

// DefaultPieces are BOS, the 256 bytes, and some longer pieces.
func DefaultPieces() [][]byte {
	pieces := [][]byte{nil}
	for b := range 256 {
		pieces = append(pieces, []byte{byte(b)})
	}
	for _, p := range []string{
		"  ", "    ", "\n\n", ": ", ", ", "\": ", " = ", "00", "10", "20", "2026", "201", "://", "-1", "ing", "the", " the", "error", "ERROR",
		" INFO ", "WARN", "user", "for", " from ", "port", "Nov ", "postgres", "LOG:  ", "[1]", "é", "日本", "\u030a",
	} {
		pieces = append(pieces, []byte(p))
	}
	return pieces
}

func (m *Model) ID() lm.ModelID     { return m.id }
func (m *Model) Pieces() [][]byte   { return m.pieces }
func (m *Model) BOS() int32         { return 0 }
func (m *Model) ContextLength() int { return 1024 }

// OpenSessions is the number of sessions made and not closed.
func (m *Model) OpenSessions() int { return int(m.sessions.Load()) }

// Tokenize takes the longest piece at each place. Bytes without a piece are left out.
func (m *Model) Tokenize(text []byte) ([]int32, error) {
	switch m.options.Tokenizer {
	case SpacePrefix:
		text = slices.Concat([]byte(" "), text)
	case Lossy:
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		text = bytes.ReplaceAll(text, []byte("\u00c5"), []byte("A\u030a"))
	}
	var tokens []int32
	for len(text) > 0 {
		n := min(m.longest, len(text))
		for n > 0 {
			if t, ok := m.tokens[string(text[:n])]; ok {
				tokens = append(tokens, t)
				break
			}
			n--
		}
		text = text[max(n, 1):]
	}
	return tokens, nil
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
