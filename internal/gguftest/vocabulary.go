package gguftest

import (
	"fmt"

	"github.com/lmz-go/lmz/internal/bpe"
)

// Token types of tokenizer.ggml.token_type.
const (
	normalToken  = 1
	unknownToken = 2
	controlToken = 3
	byteToken    = 6
)

// bpe writes a byte-level BPE vocabulary as GPT-2's: 256 bytes, merges of two letters, and one
// control token.
func (f *File) bpe(pre string) {
	tokens, types := make([]string, 0, vocabulary), make([]int32, 0, vocabulary)
	for b := range 256 {
		tokens = append(tokens, bpe.Spell([]byte{byte(b)}))
	}
	var merges []string
	letters := "etaoinshrdlucmfwypvbgkjqxz"
	for i := 0; len(tokens) < vocabulary-1; i++ {
		a, b := bpe.Spell([]byte(" ")), letters[i%26:i%26+1]
		if i >= 26 {
			a, b = letters[(i-26)/26:(i-26)/26+1], letters[i%26:i%26+1]
		}
		tokens, merges = append(tokens, a+b), append(merges, a+" "+b)
	}
	for range tokens {
		types = append(types, normalToken)
	}
	tokens, types = append(tokens, "<|end|>"), append(types, controlToken)
	f.Set("tokenizer.ggml.model", "gpt2")
	f.Set("tokenizer.ggml.pre", pre)
	f.Set("tokenizer.ggml.tokens", tokens)
	f.Set("tokenizer.ggml.token_type", types)
	f.Set("tokenizer.ggml.merges", merges)
	f.Set("tokenizer.ggml.eos_token_id", uint32(vocabulary-1))
	if pre == "llama-bpe" { // qwen2's models have no BOS
		f.Set("tokenizer.ggml.bos_token_id", uint32(vocabulary-1))
	}
	f.Set("tokenizer.ggml.add_bos_token", false)
}

// spm writes a SentencePiece vocabulary with byte fallback.
func (f *File) spm() {
	tokens := []string{"<unk>", "<s>", "</s>"}
	types := []int32{unknownToken, controlToken, controlToken}
	for b := range 256 {
		tokens, types = append(tokens, fmt.Sprintf("<0x%02X>", b)), append(types, byteToken)
	}
	letters := "etaoinshrdlucmfwypvbgkjqxz"
	pieces := []string{"▁"}
	for i := range letters {
		pieces = append(pieces, letters[i:i+1], "▁"+letters[i:i+1])
	}
	for i := 0; len(tokens)+len(pieces) < vocabulary; i++ {
		pieces = append(pieces, letters[i/26:i/26+1]+letters[i%26:i%26+1])
	}
	for _, p := range pieces {
		tokens, types = append(tokens, p), append(types, normalToken)
	}
	scores := make([]float32, len(tokens))
	for i := range scores {
		scores[i] = -float32(i)
	}
	f.Set("tokenizer.ggml.model", "llama")
	f.Set("tokenizer.ggml.tokens", tokens)
	f.Set("tokenizer.ggml.scores", scores)
	f.Set("tokenizer.ggml.token_type", types)
	f.Set("tokenizer.ggml.unknown_token_id", uint32(0))
	f.Set("tokenizer.ggml.bos_token_id", uint32(1))
	f.Set("tokenizer.ggml.eos_token_id", uint32(2))
}
