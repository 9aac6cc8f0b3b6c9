// Package bpe is the byte-level BPE tokenizer of lmz's own models, in plain Go: what GGUF calls
// "gpt2" with the pre-tokenizer "llama-bpe", that of Llama 3. It gives the tokens that libllama
// gives.
//
// Only compressing tokenizes: whatever tokens spell a text, they decode to it.
package bpe

import (
	"errors"

	"github.com/lmz-go/lmz/internal/gguf"
)

// ErrUnsupported is wrapped by the error for a file whose tokenizer is of another kind.
var ErrUnsupported = errors.New("tokenizer is not supported")

// maxWord is the longest run of bytes that is merged at once, which bounds the memory that Encode
// takes beside its result to 4 MB. Longer words, which no text has, are cut; libllama merges them
// whole.
const maxWord = 64 << 10

// Tokenizer splits text into tokens. It may be used concurrently.
type Tokenizer struct {
	pieces [][]byte
	bos    int32
	tokens map[string]int32 // by piece
	single [256]int32       // tokens of single bytes
	merges []merge          // by rank
	ranks  map[pair]uint32
}

// New makes the tokenizer that the metadata of a model file describes; gguf.ReadAll has read it.
// Errors wrap ErrUnsupported, or gguf.ErrCorrupt for a vocabulary that contradicts itself.
func New(h *gguf.Header) (*Tokenizer, error) {
	t := new(Tokenizer)
	if err := t.readTokens(h); err != nil {
		return nil, err
	}
	if err := t.readMerges(h); err != nil {
		return nil, err
	}
	return t, t.readBOS(h)
}

// Pieces gives the bytes of every token; those of control and unused tokens are empty. Read only.
func (t *Tokenizer) Pieces() [][]byte { return t.pieces }

// BOS is the token that the file names as BOS, else as end of text, else the first control token,
// else token 0.
func (t *Tokenizer) BOS() int32 { return t.bos }

// Encode appends the tokens of text to dst: tokens whose pieces spell it, whatever bytes it has,
// and those of libllama if it is valid UTF-8. It takes n log n time.
func (t *Tokenizer) Encode(dst []int32, text []byte) []int32 {
	var m merger
	for len(text) > 0 {
		word := text[:wordLength(text)]
		text = text[len(word):]
		for ; len(word) > maxWord; word = word[maxWord:] {
			dst = m.appendMerged(dst, t, word[:maxWord])
		}
		if token, ok := t.tokens[string(word)]; ok {
			dst = append(dst, token)
		} else {
			dst = m.appendMerged(dst, t, word)
		}
	}
	return dst
}
