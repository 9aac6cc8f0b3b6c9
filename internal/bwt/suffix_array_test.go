package bwt

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
)

// naive sorts the suffixes of text by comparing them.
func naive(text []byte) []int32 {
	sa := make([]int32, len(text))
	for i := range sa {
		sa[i] = int32(i)
	}
	slices.SortFunc(sa, func(a, b int32) int { return bytes.Compare(text[a:], text[b:]) })
	return sa
}

// texts are of kinds that a sorter may take a different way for.
func texts() map[string][]byte {
	fibonacci, before := "a", "b"
	for len(fibonacci) < 2000 {
		fibonacci, before = fibonacci+before, fibonacci
	}
	all := make([]byte, 600)
	for i := range all {
		all[i] = byte(i)
	}
	falling := slices.Clone(all[:256])
	slices.Reverse(falling)
	return map[string][]byte{
		"empty": nil, "one": []byte("x"), "two": []byte("ab"), "two falling": []byte("ba"), "pair": []byte("aa"),
		"zeros": make([]byte, 1000), "largest": bytes.Repeat([]byte{255}, 1000),
		"every byte": all, "falling": falling, "fibonacci": []byte(fibonacci),
		"one and zeros":  append([]byte{1}, make([]byte, 500)...),
		"zeros and one":  append(make([]byte, 500), 1),
		"two in turn":    bytes.Repeat([]byte("ab"), 700),
		"three in turn":  bytes.Repeat([]byte("cab"), 700),
		"long repeat":    bytes.Repeat(golden.Text("prose", 4, 700), 5),
		"named in turn":  []byte(strings.Repeat("abac", 300) + "abad" + strings.Repeat("abac", 300)),
		"log":            golden.Text("log", 4, 5000),
		"prose":          golden.Text("prose", 4, 20_000),
		"windows":        bytes.ReplaceAll(golden.Text("prose", 5, 9000), []byte("\n"), []byte("\r\n")),
		"trailing space": bytes.ReplaceAll(golden.Text("prose", 6, 9000), []byte("\n"), []byte(" \n")),
	}
}

func checkSorted(t *testing.T, text []byte) {
	t.Helper()
	sa := make([]int32, len(text))
	for i := range sa {
		sa[i] = -7 // what was left behind does not matter
	}
	if err := suffixArray(t.Context(), text, sa); err != nil {
		t.Fatal(err)
	}
	if want := naive(text); !slices.Equal(sa, want) {
		t.Fatalf("suffixes of %q: %v, want %v", text[:min(len(text), 100)], sa[:min(len(sa), 100)], want[:min(len(sa), 100)])
	}
}

func TestSuffixArray(t *testing.T) {
	for name, text := range texts() {
		t.Run(name, func(t *testing.T) { checkSorted(t, text) })
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		for _, symbols := range []int{1, 2, 3, 256} {
			for range 10 {
				text := make([]byte, n)
				for i := range text {
					text[i] = byte(r.IntN(symbols))
					if i > 5 && r.IntN(3) > 0 {
						text[i] = text[r.IntN(i)]
					}
				}
				checkSorted(t, text)
			}
		}
	}
}

func FuzzSuffixArray(f *testing.F) {
	for _, text := range texts() {
		f.Add(text[:min(len(text), 300)], uint8(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, times uint8) {
		checkSorted(t, bytes.Repeat(text[:min(len(text), 2000)], 1+int(times%8)))
	})
}

// counted is a context that ends when it has been asked often enough.
type counted struct {
	context.Context
	asked, most int
}

func (c *counted) Err() error {
	if c.asked++; c.asked > c.most {
		return context.Canceled
	}
	return nil
}

// endsAnywhere runs work with contexts that end at each look at them, and counts these.
func endsAnywhere(t *testing.T, work func(context.Context) error) int {
	t.Helper()
	all := &counted{Context: t.Context(), most: 1 << 30}
	if err := work(all); err != nil {
		t.Fatal(err)
	}
	for most := range all.asked {
		ending, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("cause")
		cancel(cause)
		if err := work(&counted{Context: ending, most: most}); !errors.Is(err, cause) {
			t.Errorf("a context that ends at look %d of %d gives %v", most, all.asked, err)
		}
	}
	return all.asked
}

// The sorter looks at the context often enough in each of its passes.
func TestSuffixArrayContext(t *testing.T) {
	text := golden.Text("prose", 7, 12*pollEvery)
	looks := endsAnywhere(t, func(ctx context.Context) error {
		return suffixArray(ctx, text, make([]int32, len(text)))
	})
	if least := 4 * len(text) / pollEvery; looks < least {
		t.Errorf("%d looks at the context, want %d", looks, least)
	}
}
