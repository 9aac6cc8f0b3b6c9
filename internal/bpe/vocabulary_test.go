package bpe_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/bpe"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
)

// small is a file of 256 bytes, merges of ab, abc and bc, and a control token.
func small() *gguftest.File {
	var tokens []string
	for b := range 256 {
		tokens = append(tokens, bpe.Spell([]byte{byte(b)}))
	}
	tokens = append(tokens, "ab", "abc", "bc", "<end>")
	types := slices.Repeat([]int32{1}, len(tokens))
	types[len(types)-1] = 3
	file := new(gguftest.File)
	file.Set("tokenizer.ggml.model", "gpt2")
	file.Set("tokenizer.ggml.pre", "llama-bpe")
	file.Set("tokenizer.ggml.tokens", tokens)
	file.Set("tokenizer.ggml.token_type", types)
	file.Set("tokenizer.ggml.merges", []string{"b c", "a b", "a bc"})
	return file
}

func TestBOS(t *testing.T) {
	for _, test := range []struct {
		key  string
		want int32
	}{{"general.name", 259}, {"tokenizer.ggml.eos_token_id", 7}, {"tokenizer.ggml.bos_token_id", 7}} {
		file := small()
		if test.want == 7 {
			file.Set(test.key, uint32(7))
		}
		if bos := open(t, header(t, file.Bytes())).BOS(); bos != test.want {
			t.Errorf("%s: BOS is %d, want %d", test.key, bos, test.want)
		}
	}
	if tokens := open(t, header(t, small().Bytes())).Encode(nil, []byte("abcxabbc")); !slices.Equal(tokens, []int32{257, 'x', 256, 258}) {
		t.Errorf("tokens are %v", tokens)
	}
}

// TestNewRefuses: a vocabulary that could not be used, or not as libllama does, is refused by name.
func TestNewRefuses(t *testing.T) {
	corrupt, unsupported := gguf.ErrCorrupt, bpe.ErrUnsupported
	tokens := func(change func(tokens []string) []string) []string {
		h := header(t, small().Bytes())
		return change(h.Get("tokenizer.ggml.tokens").([]string))
	}
	put := func(i int, text string) []string {
		return tokens(func(tokens []string) []string { tokens[i] = text; return tokens })
	}
	types := slices.Repeat([]int32{1}, 260)
	for _, test := range []struct {
		key   string
		value any
		kind  error
		says  string
	}{
		{"model", "llama", unsupported, `tokenizer.ggml.model is "llama", want "gpt2"`},
		{"model", nil, unsupported, `tokenizer.ggml.model is ""`},
		{"pre", "qwen2", unsupported, `tokenizer.ggml.pre is "qwen2", want "llama-bpe"`},
		{"tokens", nil, unsupported, "no tokenizer.ggml.tokens"},
		{"tokens", []int32{1}, corrupt, "tokenizer.ggml.tokens is []int32, want []string"},
		{"tokens", []string{}, corrupt, "0 tokens have 260 types"},
		{"tokens", put(257, "ab"), corrupt, `tokens 256 and 257 are both "ab"`},
		{"tokens", put(257, "a b"), corrupt, `token 257, "a b": ' ' stands for no byte`},
		{"tokens", put(257, "\u0144"), corrupt, `token 257, "ń": 'ń' stands for no byte`},
		{"tokens", put(257, "\xff"), corrupt, "stands for no byte"},
		{"tokens", put(3, "zz"), unsupported, "no token for byte 0x03"},
		{"token_type", nil, unsupported, "no tokenizer.ggml.token_type"},
		{"token_type", types[:9], corrupt, "260 tokens have 9 types"},
		{"token_type", slices.Concat(types[:259], []int32{4}), unsupported, `token 259, "<end>", is of type 4`},
		{"token_type", slices.Concat([]int32{5}, types[:258], []int32{3}), unsupported, "no token for byte 0x00"},
		{"merges", nil, unsupported, "no tokenizer.ggml.merges"},
		{"merges", "a b", corrupt, "tokenizer.ggml.merges is string, want []string"},
		{"merges", []string{"a b", "b c", "a b"}, corrupt, `merges 0 and 2 are both "a b"`},
		{"merges", []string{"a c"}, corrupt, `merge 0, "a c": "ac" is no token`},
		{"merges", []string{"xy z"}, corrupt, `merge 0, "xy z": "xy" is no token`},
		{"merges", []string{"ab"}, corrupt, `merge 0, "ab": "" is no token`},
		{"merges", []string{"a b c"}, corrupt, `merge 0, "a b c": ' ' stands for no byte`},
		{"bos_token_id", uint32(260), corrupt, `tokenizer.ggml.bos_token_id is "260" of 260 tokens`},
		{"eos_token_id", "x", corrupt, `tokenizer.ggml.eos_token_id is "x" of 260 tokens`},
	} {
		file := small()
		file.Set("tokenizer.ggml."+test.key, test.value)
		_, err := bpe.New(header(t, file.Bytes()))
		if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: error is %v, want one of %q that says %q", test.key, err, test.kind, test.says)
		}
	}
}

// FuzzNew: whatever the metadata say, New refuses it or makes a tokenizer of all texts.
func FuzzNew(f *testing.F) {
	f.Add(small().Bytes(), []byte("abc xabbc"))
	file := small()
	file.Set("tokenizer.ggml.merges", []string{"a b", "a b"})
	f.Add(file.Bytes(), []byte{})
	f.Fuzz(func(t *testing.T, data, text []byte) {
		h, err := gguf.ReadAll(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		tokenizer, err := bpe.New(h)
		if err != nil {
			if !errors.Is(err, gguf.ErrCorrupt) && !errors.Is(err, bpe.ErrUnsupported) {
				t.Fatalf("unknown error %v", err)
			}
			return
		}
		if spelt := spell(t, tokenizer, tokenizer.Encode(nil, text)); !bytes.Equal(spelt, text) {
			t.Fatalf("%q: tokens spell %q", text, spelt)
		}
		if bos := tokenizer.BOS(); bos < 0 || int(bos) >= len(tokenizer.Pieces()) {
			t.Fatalf("BOS is token %d of %d", bos, len(tokenizer.Pieces()))
		}
	})
}
