//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lmz-go/lmz/internal/bpe"
	"github.com/lmz-go/lmz/internal/gguf"
)

// Values of tokenizer.ggml.token_type (llama_token_type).
const (
	normalToken  = 1
	controlToken = 3
	unusedToken  = 5
)

// vocabulary is OUT/tokenizer.json as metadata, as export.py writes it: the bytes, the merges by
// rank, unused tokens, BOS.
func vocabulary(out string) ([]gguf.KeyValue, error) {
	text, err := os.ReadFile(filepath.Join(out, "tokenizer.json"))
	if err != nil {
		return nil, err
	}
	var saved struct {
		Size   int         `json:"vocab_size"`
		Merges [][2]string `json:"merges"` // a character per byte
	}
	if err := json.Unmarshal(text, &saved); err != nil {
		return nil, fmt.Errorf("tokenizer.json: %w", err)
	}
	spell := func(piece string) string {
		var bytes []byte
		for _, b := range piece {
			bytes = append(bytes, byte(b))
		}
		return bpe.Spell(bytes)
	}
	var tokens, merges []string
	for b := range 256 {
		tokens = append(tokens, bpe.Spell([]byte{byte(b)}))
	}
	for _, m := range saved.Merges {
		tokens, merges = append(tokens, spell(m[0]+m[1])), append(merges, spell(m[0])+" "+spell(m[1]))
	}
	types := make([]int32, len(tokens))
	for i := range types {
		types[i] = normalToken
	}
	for i := 0; len(tokens) < saved.Size-1; i++ {
		tokens, types = append(tokens, fmt.Sprintf("<|unused%d|>", i)), append(types, unusedToken)
	}
	tokens, types = append(tokens, "<|bos|>"), append(types, controlToken)
	bos := uint32(len(tokens) - 1)
	list := []gguf.KeyValue{
		{Key: "general.license", Value: "mit"},
		{Key: "tokenizer.ggml.model", Value: "gpt2"},
		{Key: "tokenizer.ggml.pre", Value: "llama-bpe"},
		{Key: "tokenizer.ggml.tokens", Value: tokens},
		{Key: "tokenizer.ggml.token_type", Value: types},
		{Key: "tokenizer.ggml.merges", Value: merges},
		{Key: "tokenizer.ggml.bos_token_id", Value: bos},
		{Key: "tokenizer.ggml.eos_token_id", Value: bos},
		{Key: "tokenizer.ggml.add_bos_token", Value: false},
	}
	return list, nil
}
