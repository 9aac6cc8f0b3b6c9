package bpe_test

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lmz-go/lmz/internal/bpe"
	"github.com/lmz-go/lmz/internal/gguf"
)

// reference is the tokenizer as it is defined: the pattern, and merges of spellings one after the
// other. It takes n*n time.
type reference struct {
	spelling [256]string
	tokens   map[string]int32
	ranks    map[string]int // by the spelling of the merge
}

func newReference(h *gguf.Header) *reference {
	r := &reference{tokens: map[string]int32{}, ranks: map[string]int{}}
	for b := range r.spelling {
		r.spelling[b] = bpe.Spell([]byte{byte(b)})
	}
	for i, text := range h.Get("tokenizer.ggml.tokens").([]string) {
		r.tokens[text] = int32(i)
	}
	for i, text := range h.Get("tokenizer.ggml.merges").([]string) {
		r.ranks[text] = i
	}
	return r
}

func (r *reference) encode(text []byte) (tokens []int32) {
	for len(text) > 0 {
		n := firstWord(text)
		var parts []string
		for _, b := range text[:n] {
			parts = append(parts, r.spelling[b])
		}
		text = text[n:]
		if token, ok := r.tokens[strings.Join(parts, "")]; ok {
			tokens = append(tokens, token)
			continue
		}
		for {
			best, at := len(r.ranks), 0
			for i := range parts[1:] {
				if rank, ok := r.ranks[parts[i]+" "+parts[i+1]]; ok && rank < best {
					best, at = rank, i
				}
			}
			if best == len(r.ranks) {
				break
			}
			parts = slices.Replace(parts, at, at+2, parts[at]+parts[at+1])
		}
		for _, part := range parts {
			tokens = append(tokens, r.tokens[part])
		}
	}
	return tokens
}

// pattern is that of Llama 3 without \s+(?!\S), which package regexp does not know. There \s is of
// ASCII alone, and (?i) has more than two cases of s.
var pattern = regexp.MustCompile(strings.NewReplacer(`\s`, `\t-\r\x{85}\p{Z}`, "/", "").Replace(
	`^(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|` +
		` ?[^\s\p{L}\p{N}]+[\r\n]*|[\s]*[\r\n]+|([\s]+))`))

func firstWord(text []byte) int {
	match := pattern.FindSubmatchIndex(text)
	n := match[1]
	if match[2] < 0 || n == len(text) {
		return n
	}
	if _, last := utf8.DecodeLastRune(text[:n]); last < n { // \s+(?!\S)
		return n - last
	}
	return n
}

// known says whether Go's Unicode has the characters of text as the tokenizer's does.
func known(text []byte) bool {
	for _, r := range string(text) {
		if category(r) != bpe.Class(r) {
			return false
		}
	}
	return true
}

func category(r rune) byte {
	switch {
	case unicode.IsLetter(r):
		return 'L'
	case unicode.IsNumber(r):
		return 'N'
	case unicode.IsSpace(r):
		return 'Z'
	}
	return 'O'
}
