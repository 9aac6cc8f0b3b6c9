//go:build llama && cgo

package llama

// #include "bridge.h"
import "C"

import (
	"fmt"
	"math"
	"unsafe"
)

// Pieces gives the bytes of every token (llama_token_to_piece); those of control and unknown tokens
// are empty. Read only.
func (m *Model) Pieces() [][]byte { return m.pieces }

// BOS is the token that the file names as BOS, else as end of text, else the first control token,
// else token 0. (libllama's llama_vocab_bos gives ordinary tokens for files that name none.)
func (m *Model) BOS() int32 { return m.bos }

// readVocabulary refuses a vocabulary that spells nothing: no text could be coded with it.
func (m *Model) readVocabulary(vocab *C.struct_llama_vocab) error {
	n := int(C.llama_vocab_n_tokens(vocab))
	m.pieces = make([][]byte, n)
	buf := make([]byte, 256)
	spelling, control := 0, -1 // tokens that stand for bytes, the first control token
	for t := range m.pieces {
		if control < 0 && C.llama_vocab_get_attr(vocab, C.llama_token(t))&C.LLAMA_TOKEN_ATTR_CONTROL != 0 {
			control = t
		}
		size := tokenPiece(vocab, t, buf)
		if size < 0 {
			buf = make([]byte, -size)
			size = tokenPiece(vocab, t, buf)
		}
		if size > 0 {
			m.pieces[t] = append([]byte(nil), buf[:size]...)
			spelling++
		}
	}
	if spelling == 0 {
		return fmt.Errorf("%w: none of its %d tokens stands for bytes", ErrUnsupported, n)
	}
	m.bos = int32(max(0, control))
	for _, key := range []string{"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id"} {
		if t, ok := m.header.Uint(key); ok && t < uint64(n) {
			m.bos = int32(t)
			break
		}
	}
	return nil
}

// tokenPiece is the length of a token's piece, or minus the length that buf lacks.
func tokenPiece(vocab *C.struct_llama_vocab, token int, buf []byte) int {
	return int(C.llama_token_to_piece(vocab, C.llama_token(token), (*C.char)(unsafe.Pointer(&buf[0])), C.int32_t(len(buf)), 0,
		false))
}

// Tokenize is llama_tokenize without special tokens.
func (m *Model) Tokenize(text []byte) ([]int32, error) {
	if len(text) == 0 {
		return nil, nil
	}
	if len(text) > math.MaxInt32/2 {
		return nil, fmt.Errorf("llama: text of %d bytes is too long to tokenize at once", len(text))
	}
	if !m.memory.use() {
		return nil, ErrClosed
	}
	defer m.memory.release()
	vocab := C.llama_model_get_vocab(m.memory.c)
	tokens := make([]int32, len(text)/2+16)
	for range 2 {
		n := int(C.llama_tokenize(vocab, (*C.char)(unsafe.Pointer(&text[0])), C.int32_t(len(text)),
			(*C.llama_token)(unsafe.Pointer(&tokens[0])), C.int32_t(len(tokens)), false, false))
		if n >= 0 {
			return tokens[:n], nil
		}
		tokens = make([]int32, -n)
	}
	return nil, fmt.Errorf("llama: tokenizing %d bytes failed", len(text))
}
