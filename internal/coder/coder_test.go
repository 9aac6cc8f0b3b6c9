package coder_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/kvcache"
)

// excerpt is the first n bytes of a log of PostgreSQL written through syslog
// (../../testdata/README.md).
func excerpt(t testing.TB, n int) []byte {
	text, err := os.ReadFile("../../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	return text[:n]
}

func chunks(t testing.TB) map[string][]byte { return codectest.Chunks(excerpt(t, 2000)) }

// tokenMethods are those that code tokens of a model, of the library itself.
var tokenMethods = []codec.Method{codec.LM, codec.RankGzip, codec.RankHuffman}

var testParams = coder.Params{Window: kvcache.Policy{Reset: kvcache.Overlap, Window: 128, Overlap: 32}}

func TestRoundTrip(t *testing.T) {
	models := map[string]*fakemodel.Model{
		"exact":        fakemodel.New(fakemodel.Options{}),
		"space prefix": fakemodel.New(fakemodel.Options{Tokenizer: fakemodel.SpacePrefix}),
		"lossy":        fakemodel.New(fakemodel.Options{Tokenizer: fakemodel.Lossy}),
	}
	for name, chunk := range chunks(t) {
		codectest.RoundTrip(t, nil, codec.Raw, coder.Params{}, chunk)
		codectest.RoundTrip(t, nil, codec.Zstd, coder.Params{}, chunk)
		codectest.RoundTrip(t, nil, codec.BWT, coder.Params{}, chunk)
		for kind, m := range models {
			t.Run(name+"/"+kind, func(t *testing.T) {
				for _, method := range tokenMethods {
					codectest.RoundTrip(t, m, method, testParams, chunk)
				}
			})
		}
	}
}

func TestRoundTripPolicies(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	type size struct {
		method codec.Method
		bytes  int
	}
	sizes := map[size]bool{}
	for _, p := range []coder.Params{
		{Window: kvcache.Policy{Window: 4}},
		{Window: kvcache.Policy{Window: 300}},
		{Window: kvcache.Policy{Reset: kvcache.Overlap, Window: 300, Overlap: 149}},
		{Window: kvcache.Policy{Reset: kvcache.EqualInfo, Window: 300, Overlap: 30, Bits: 500}},
		{Window: kvcache.Policy{Reset: kvcache.EqualInfo, Window: 300, Bits: 1}},
	} {
		for _, method := range tokenMethods {
			got := size{method, len(codectest.RoundTrip(t, m, method, p, excerpt(t, 3000)))}
			t.Logf("%s, %+v: %d bytes", method, p.Window, got.bytes)
			if sizes[got] {
				t.Errorf("%s: %+v makes no difference", method, p)
			}
			sizes[got] = true
		}
	}
}

func TestOverCost(t *testing.T) {
	codectest.OverCost(t, fakemodel.New(fakemodel.Options{}), testParams, excerpt(t, 16<<10))
	byInfo := coder.Params{Window: kvcache.Policy{Reset: kvcache.EqualInfo, Window: 1024, Overlap: 100, Bits: 9000}}
	codectest.OverCost(t, fakemodel.New(fakemodel.Options{}), byInfo, excerpt(t, 16<<10))
}

// TestTokensAreTheModels: what the tokenizer spells back is not tokenized otherwise, with a space
// put before it or not.
func TestTokensAreTheModels(t *testing.T) {
	text := []byte("error: the user\n\n")
	for name, tokenizer := range map[string]fakemodel.Tokenizer{"exact": fakemodel.Exact, "space prefix": fakemodel.SpacePrefix} {
		m := &reversing{fakemodel.New(fakemodel.Options{Tokenizer: tokenizer})}
		v, err := coder.NewVocabulary(m)
		if err != nil {
			t.Fatal(err)
		}
		tokens, rest, err := v.AppendTokens(nil, text)
		if err != nil || len(rest) != 0 {
			t.Fatal(err, rest)
		}
		if len(tokens) != len(text) { // reversing gives single bytes; the longest match would not
			t.Errorf("%s: %d tokens", name, len(tokens))
		}
	}
}

// reversing splits the text of its model's tokens into single bytes.
type reversing struct{ *fakemodel.Model }

func (r *reversing) Tokenize(text []byte) ([]int32, error) {
	tokens, err := r.Model.Tokenize(text)
	var single []int32
	for _, t := range tokens {
		for _, b := range r.Pieces()[t] {
			single = append(single, int32(b)+1)
		}
	}
	return single, err
}

// TestRunsAreBounded: the tokenizer sees no more than 64 KiB at once, cut at line ends if there are
// any.
func TestRunsAreBounded(t *testing.T) {
	m := &watching{Model: fakemodel.New(fakemodel.Options{})}
	v, err := coder.NewVocabulary(m)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Repeat([]byte(strings.Repeat("x", 99)+"\n"), 2000)
	for _, text := range [][]byte{lines, bytes.Repeat([]byte("日"), 100_000)} {
		var spelt []byte
		for rest := text; len(rest) > 0; {
			var tokens []int32
			if tokens, rest, err = v.AppendTokens(nil, rest); err != nil {
				t.Fatal(err)
			}
			for _, token := range tokens {
				spelt = append(spelt, v.Piece(token)...)
			}
		}
		if !bytes.Equal(spelt, text) {
			t.Error("the tokens do not spell the text")
		}
	}
	for _, n := range m.runs {
		if n > 64<<10 || n%100 != 0 && n%3 != 0 {
			t.Errorf("run of %d bytes", n)
		}
	}
}

type watching struct {
	*fakemodel.Model
	runs []int
}

func (w *watching) Tokenize(text []byte) ([]int32, error) {
	w.runs = append(w.runs, len(text))
	return w.Model.Tokenize(text)
}

func TestNotSpellable(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{Pieces: [][]byte{nil, []byte("a"), []byte("b"), []byte("abab"), []byte("\n")}})
	for _, method := range tokenMethods {
		codectest.RoundTrip(t, m, method, testParams, []byte("abbabababa\nab"))
		codectest.Run(t, m, testParams, func(l *coder.Lane) error { return notSpellable(t, l, method) })
	}
}

func notSpellable(t *testing.T, l *coder.Lane, method codec.Method) error {
	c, err := coder.New(method, l, testParams)
	if err != nil {
		return err
	}
	for _, chunk := range []string{"c", "aac", "abab\xff", strings.Repeat("abab", 200) + "é"} {
		if got, err := c.Encode([]byte("head"), []byte(chunk)); !errors.Is(err, coder.ErrNotSpellable) || string(got) != "head" {
			t.Errorf("%s, %q: %q, %v", method, chunk, got, err)
		}
	}
	return nil
}

// TestCorrupt changes payloads: what comes back has the right size or is ErrCorrupt, and other
// sizes are refused.
func TestCorrupt(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	for _, method := range append([]codec.Method{codec.Raw, codec.Zstd, codec.BWT}, tokenMethods...) {
		codectest.Corrupt(t, m, method, testParams, excerpt(t, 700))
	}
}

// TestForgedTokens: payloads of a good range coder whose tokens cannot be meant.
func TestForgedTokens(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	codectest.Run(t, m, testParams, func(l *coder.Lane) error {
		c, err := coder.New(codec.LM, l, testParams)
		if err != nil {
			return err
		}
		forge := func(token int32) []byte {
			row, err := l.Start(testParams.Window, nil)
			if err != nil {
				t.Fatal(err)
			}
			var cdf coder.CDF
			if err := cdf.Set(row.Float); err != nil {
				t.Fatal(err)
			}
			var e coder.RangeEncoder
			e.Reset(nil)
			cum, freq := cdf.Symbol(int(token))
			e.Encode(cum, freq, cdf.Total())
			return e.Flush()
		}
		the := int32(slices.IndexFunc(m.Pieces(), func(p []byte) bool { return string(p) == "the" }))
		if got, err := c.Decode(nil, forge(the), 3); err != nil || string(got) != "the" {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := c.Decode(nil, forge(the), 2); !errors.Is(err, coder.ErrCorrupt) || !strings.Contains(err.Error(), "at byte 0 of 2") {
			t.Errorf("a piece longer than the chunk: %v", err)
		}
		if _, err := c.Decode(nil, forge(m.BOS()), 1); !errors.Is(err, coder.ErrCorrupt) || !strings.Contains(err.Error(), "token 0 at byte 0") {
			t.Errorf("a token without a piece: %v", err)
		}
		return nil
	})
}

// TestZstdMemory: a frame of few bytes that says it holds many costs no memory for them.
func TestZstdMemory(t *testing.T) {
	// Single segment, 8 bytes of content size 2^40, one last raw block of no bytes.
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0}
	codectest.Run(t, nil, coder.Params{}, func(l *coder.Lane) error {
		c, err := coder.New(codec.Zstd, l, coder.Params{})
		if err != nil {
			return err
		}
		got, err := c.Decode(nil, frame, math.MaxInt)
		if !errors.Is(err, coder.ErrCorrupt) || cap(got) > 1<<20 {
			t.Errorf("%d bytes, %v", cap(got), err)
		}
		// A window of 512 MiB.
		frame = []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 19 << 3, 1, 0, 0}
		if _, err := c.Decode(nil, frame, 0); !errors.Is(err, coder.ErrCorrupt) {
			t.Errorf("window of 512 MiB: %v", err)
		}
		frame[5] = 13 << 3 // 8 MiB
		if _, err := c.Decode(nil, frame, 0); err != nil {
			t.Errorf("window of 8 MiB: %v", err)
		}
		return nil
	})
}

func TestUnknownMethod(t *testing.T) {
	codectest.Run(t, nil, coder.Params{}, func(l *coder.Lane) error {
		if _, err := coder.New(200, l, coder.Params{}); !errors.Is(err, codec.ErrMethod) {
			t.Error(err)
		}
		return nil
	})
}

func FuzzRoundTrip(f *testing.F) {
	for _, chunk := range chunks(f) {
		f.Add(chunk[:min(len(chunk), 500)], uint8(len(chunk)))
	}
	f.Fuzz(func(t *testing.T, chunk []byte, kind uint8) {
		m := fakemodel.New(fakemodel.Options{Tokenizer: fakemodel.Tokenizer(kind % 3)})
		for _, method := range append([]codec.Method{codec.Raw, codec.Zstd, codec.BWT}, tokenMethods...) {
			codectest.RoundTrip(t, m, method, testParams, chunk)
		}
	})
}

func FuzzDecode(f *testing.F) {
	m := fakemodel.New(fakemodel.Options{})
	methods := append([]codec.Method{codec.Raw, codec.Zstd, codec.BWT}, tokenMethods...)
	for i, method := range methods {
		f.Add(uint8(i), codectest.RoundTrip(f, m, method, testParams, excerpt(f, 300)), uint16(300))
	}
	f.Fuzz(func(t *testing.T, kind uint8, payload []byte, n uint16) {
		method := methods[int(kind)%len(methods)]
		codectest.Run(t, m, testParams, func(l *coder.Lane) error {
			c, err := coder.New(method, l, testParams)
			if err != nil {
				return err
			}
			got, err := c.Decode(nil, payload, int(n))
			if err != nil && !errors.Is(err, coder.ErrCorrupt) || err == nil && len(got) != int(n) {
				t.Errorf("method %d: %d bytes, want %d: %v", method, len(got), n, err)
			}
			return nil
		})
	})
}

func BenchmarkCoder(b *testing.B) {
	m := fakemodel.New(fakemodel.Options{})
	chunk := excerpt(b, 128_000)
	for name, method := range map[string]codec.Method{"zstd": codec.Zstd, "lm": codec.LM, "bwt": codec.BWT, "rank-gzip": codec.RankGzip, "rank-huffman": codec.RankHuffman} {
		payload := codectest.RoundTrip(b, m, method, testParams, chunk)
		bench := func(name string, f func(coder.Coder) error) {
			b.Run(name, func(b *testing.B) {
				b.SetBytes(int64(len(chunk)))
				codectest.Run(b, m, testParams, func(l *coder.Lane) error {
					c, err := coder.New(method, l, testParams)
					for err == nil && b.Loop() {
						err = f(c)
					}
					return err
				})
			})
		}
		bench(name+"/encode", func(c coder.Coder) error {
			_, err := c.Encode(nil, chunk)
			return err
		})
		bench(name+"/decode", func(c coder.Coder) error {
			_, err := c.Decode(nil, payload, len(chunk))
			return err
		})
	}
}
