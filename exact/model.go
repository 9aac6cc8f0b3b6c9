// Package exact computes language models in integers, so that logits are the same on every machine:
// docs/ARITHMETIC.md specifies each operation. It reads GGUF files of the architecture llama that
// are small enough for it: RMSNorm, SwiGLU, RoPE, grouped heads of keys and values.
//
// A sum of int8 products has the same bits in any order, so kernels, lanes and batches bear on
// speed only; what is between the products is specified operation by operation.
package exact

import (
	"github.com/lmz-go/lmz/internal/bpe"
	"github.com/lmz-go/lmz/lm"
)

// Class is the numeric class of models that this package computes.
const Class = "exact"

var _ lm.Renumbered = (*Model)(nil)

// Model is a loaded model. Its methods may be called concurrently.
type Model struct {
	id        lm.ModelID
	tokenizer *bpe.Tokenizer
	tokens    tokens
	shape     shape
	kernel    *kernel

	embedding  *tensor
	layers     []layer
	outputNorm norm
	logits     *matrix
	epsilon    uint64  // in units of 2^-(2*fraction-squareDrop)
	turns      []int16 // turnTable
}

type layer struct {
	attentionNorm norm
	qkv, output   *matrix // queries, keys and values of all heads
	innerNorm     norm
	gateUp, down  *matrix
}

// norm is the weights of an RMSNorm in units of 2^exponent.
type norm struct {
	weight   []int16
	exponent int
}

// ID names the file and the class Class.
func (m *Model) ID() lm.ModelID { return m.id }

// Pieces gives the bytes of every token; those of control tokens are empty. Read only.
func (m *Model) Pieces() [][]byte { return m.tokens.pieces }

// BOS is the token that the file names as BOS.
func (m *Model) BOS() int32 { return m.tokens.number[m.tokenizer.BOS()] }

// FileToken is the number that a token has in the file.
func (m *Model) FileToken(token int32) int32 { return m.tokens.file[token] }

// TokenOf is the token that has this number in the file.
func (m *Model) TokenOf(file int32) int32 { return m.tokens.number[file] }

// ContextLength is the number of tokens that the model was trained on at once.
func (m *Model) ContextLength() int { return m.shape.context }

// Tokenize splits valid UTF-8 text into tokens.
func (m *Model) Tokenize(text []byte) ([]int32, error) {
	list := m.tokenizer.Encode(nil, text)
	for i, t := range list {
		list[i] = m.tokens.number[t]
	}
	return list, nil
}

// Close frees nothing: a Model is ordinary memory.
func (m *Model) Close() error { return nil }
