// Package lm is what codecs and engines agree on: a language model, its sessions, and the promise
// that its logits keep.
//
// Codecs (internal/coder, internal/mix) and the container (stream) know only this package; engines
// (llama) implement it.
package lm

import (
	"context"
	"math"
)

// ModelID names a language model as an archive's header does: by content, not by file name.
type ModelID struct {
	SHA256 [32]byte // of the whole GGUF file
	Name   string   // general.name of the metadata, for messages only
	Class  string   // numeric class whose bits the logits are, e.g. "avx2" (docs/DETERMINISM.md)
}

// Model is a language model as codecs see it. Its methods may be called concurrently.
//
// The contract that every archive rests on: the logits of a position depend on the model file, the
// numeric class and the tokens of the lane at positions 0..p, and on nothing else; not on the
// number of lanes, on how tokens are batched, on other lanes, or on whether the caller compresses
// or decompresses. In classes of GPUs they depend on the window of the session, too, which an
// archive fixes.
type Model interface {
	ID() ModelID

	// Pieces gives the bytes of every token of the vocabulary, indexed by token; a token that
	// stands for no bytes (BOS, other control tokens) has an empty piece. The slice is shared: read
	// only.
	Pieces() [][]byte

	// BOS is the token that opens a window; always a valid token of the vocabulary.
	BOS() int32

	// ContextLength is the number of tokens that the model was trained on at once.
	ContextLength() int

	// Tokenize splits valid UTF-8 text into tokens; no special tokens are recognised or added. The
	// pieces of the result are not promised to spell text exactly (SPM adds a space, NFC may change
	// it): callers verify.
	Tokenize(text []byte) ([]int32, error)

	// NewSession makes an evaluation context with this many lanes of this many tokens each. A
	// session belongs to one goroutine at a time.
	NewSession(lanes, window int) (Session, error)
}

// Fixed is a Model that always computes the same number of lanes together, whether they are fed or
// not: sessions of as many cost no more than those of one.
type Fixed interface {
	Model

	// Lanes is this number; 0: there is none.
	Lanes() int
}

// Feed is the work of one lane in one Session.Decode: Tokens go to positions Pos, Pos+1, …; Pos is
// the number of tokens the lane already holds, or fewer, which forgets the lane's tokens from Pos
// on first (Pos 0 starts it afresh).
type Feed struct {
	Lane   int
	Pos    int
	Tokens []int32 // at least one; any number that fits the window
}

// Session evaluates a model on several independent lanes in lockstep.
type Session interface {
	// Decode evaluates all feeds, each lane at most once. After an error the session can only be
	// closed.
	Decode(ctx context.Context, feeds []Feed) error

	// Logits is the row after the last token of feeds[i] of the latest Decode: a view that is valid
	// until the next Decode or Close.
	Logits(i int) Row

	Close() error
}

// Row is a row of logits, one value per token of the vocabulary, in the form that the engine
// computes: the others are nil. All come from one method, so that a Session that wraps another
// cannot hide the integers, whose bits differ from those of their floats.
type Row struct {
	Float []float32 // in nats
	Fixed []int32   // in units of 2^-LogitFraction bits: a logit times the binary logarithm of e

	// Of a Weigher: sums of the weights of each WeightBlock tokens.
	Sums []uint64
}

// Weigher is a Session that can weigh tokens itself, as coder.CDF does: who codes tokens asks for
// few of the weights, where rows of logits take long to arrive.
type Weigher interface {
	Session

	// Weigh says whether rows of the Decodes that follow have Sums in place of logits.
	Weigh(on bool)

	// Weights gives the weights of blocks of the latest Decode's rows, no more of them than lanes.
	// They are valid until the next Weights, Decode or Close.
	Weights(ctx context.Context, of []BlockOf) ([][]uint32, error)
}

// BlockOf is a block of WeightBlock tokens, by its number, of the row of feeds[Row].
type BlockOf struct{ Row, Block int }

// WeightBlock is the tokens of a block.
const WeightBlock = 64

// Len is the number of logits.
func (r Row) Len() int { return max(len(r.Float), len(r.Fixed)) }

// Nats gives the logits as floats. Nothing that bears on bits uses it.
func (r Row) Nats() []float32 {
	if r.Fixed == nil {
		return r.Float
	}
	nats := make([]float32, len(r.Fixed))
	for i, v := range r.Fixed {
		nats[i] = float32(v) * (math.Ln2 / (1 << LogitFraction))
	}
	return nats
}

// LogitFraction is the fractional bits of fixed-point logits.
const LogitFraction = 11

// Renumbered is a Model whose tokens have other numbers than in its file. Trainers, which know the
// file alone, need those.
type Renumbered interface {
	Model

	// FileToken is the number that a token has in the file.
	FileToken(token int32) int32

	// TokenOf is the token that has this number in the file.
	TokenOf(file int32) int32
}
