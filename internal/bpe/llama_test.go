//go:build llama && cgo

package bpe_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/lmz-go/lmz/internal/bpe"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/models/embedded"
)

func TestMain(m *testing.M) {
	model, err := llama.OpenBytes(context.Background(), embedded.Models()[0].GGUF, "")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	libllama = model.Tokenize
	code := m.Run()
	model.Close()
	os.Exit(code)
}

// TestVocabulary: pieces and BOS are those that libllama gives.
func TestVocabulary(t *testing.T) {
	for _, m := range embedded.Models() {
		model, err := llama.OpenBytes(context.Background(), m.GGUF, "")
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		ours := open(t, header(t, m.GGUF))
		if ours.BOS() != model.BOS() || len(ours.Pieces()) != len(model.Pieces()) {
			t.Errorf("%s: %d pieces, BOS %d; libllama has %d, %d", m.Name, len(ours.Pieces()), ours.BOS(), len(model.Pieces()), model.BOS())
			continue
		}
		for i, want := range model.Pieces() {
			if got := ours.Pieces()[i]; string(got) != string(want) {
				t.Errorf("%s: token %d is %q, libllama's %q", m.Name, i, got, want)
			}
		}
	}
}

// TestClassesOfLibllama: characters are of the class that libllama has them in, all of the planes
// with letters and some of the others. The vocabulary shows them: it merges a letter, a digit and a
// tab with the first byte of each character, which happens within words only.
func TestClassesOfLibllama(t *testing.T) {
	file := gguftest.New(gguftest.Spec{Arch: "llama", Type: gguf.Q8_0})
	types := header(t, file.Bytes()).Get("tokenizer.ggml.token_type").([]int32)
	var tokens, merges []string
	for b := range 256 {
		tokens = append(tokens, bpe.Spell([]byte{byte(b)}))
	}
	for _, before := range []string{"a", "1", "\t"} {
		for b := 0xc2; b <= 0xf4; b++ {
			left, right := bpe.Spell([]byte(before)), bpe.Spell([]byte{byte(b)})
			tokens, merges = append(tokens, left+right), append(merges, left+" "+right)
		}
	}
	for len(tokens) < len(types) {
		tokens = append(tokens, tokens[len(tokens)-1]+"!")
	}
	file.Set("tokenizer.ggml.tokens", tokens)
	file.Set("tokenizer.ggml.merges", merges)
	ours := open(t, header(t, file.Bytes()))
	model, err := llama.OpenBytes(context.Background(), file.Bytes(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	var text []byte
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) || r >= 0x40000 && r%101 != 0 && r < unicode.MaxRune {
			continue
		}
		text = fmt.Appendf(text, "a%c\n1%c\n\t%c\n", r, r, r)
		if len(text) < 1<<16 && r < unicode.MaxRune {
			continue
		}
		want, err := model.Tokenize(text)
		if err != nil {
			t.Fatal(err)
		}
		same(t, text, ours.Encode(nil, text), want)
		text = text[:0]
	}
}
