package bpe_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/bpe"
)

// TestContractions: of all pairs and triples of an apostrophe and letters, the contractions alone
// are words in front of a letter. The vocabulary shows words: it has all of these as tokens, and no
// merges.
func TestContractions(t *testing.T) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var tails []string
	for _, a := range letters {
		tails = append(tails, string(a))
		for _, b := range letters {
			tails = append(tails, string(a)+string(b))
		}
	}
	file := small()
	h := header(t, file.Bytes())
	tokens := h.Get("tokenizer.ggml.tokens").([]string)
	first := len(tokens)
	for _, tail := range tails {
		tokens = append(tokens, bpe.Spell([]byte("'"+tail)))
	}
	types := h.Get("tokenizer.ggml.token_type").([]int32)
	file.Set("tokenizer.ggml.tokens", tokens)
	file.Set("tokenizer.ggml.token_type", append(types, slices.Repeat([]int32{1}, len(tails))...))
	file.Set("tokenizer.ggml.merges", []string{})
	tokenizer := open(t, header(t, file.Bytes()))
	short := []string{"s", "t", "m", "d"}
	long := []string{"re", "ve", "ll"}
	for i, tail := range tails {
		token, lower := int32(first+i), strings.ToLower(tail)
		if got := tokenizer.Encode(nil, []byte("'"+tail)); !slices.Contains(short, lower[:1]) && !slices.Equal(got, []int32{token}) {
			t.Errorf("'%s: tokens are %v", tail, got)
		}
		word := slices.Contains(short, lower) || slices.Contains(long, lower)
		if got := tokenizer.Encode(nil, []byte("'"+tail+"x")); slices.Equal(got, []int32{token, 'x'}) != word {
			t.Errorf("'%sx: tokens are %v", tail, got)
		}
	}
	for _, text := range []string{"'", "''", "'\r", "\n'"} {
		if got := tokenizer.Encode(nil, []byte(text)); len(got) != len(text) {
			t.Errorf("%q: tokens are %v", text, got)
		}
	}
}
