package bwt

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
)

func encode(t testing.TB, c *Coder, text []byte) []byte {
	t.Helper()
	head := []byte("head")
	payload, _, err := c.Encode(t.Context(), head, text)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(payload, head) {
		t.Fatalf("%q", payload)
	}
	return payload[len(head):]
}

func roundTrip(t testing.TB, c *Coder, text []byte) []byte {
	t.Helper()
	payload := encode(t, c, text)
	back, err := c.Decode(t.Context(), []byte("head"), payload, len(text))
	if err != nil || string(back) != "head"+string(text) {
		t.Fatalf("%d bytes in blocks of %d: %v, or other bytes", len(text), c.block, err)
	}
	return payload
}

// Coders that are used again, and blocks of any size, give the same text back.
func TestRoundTrip(t *testing.T) {
	used := map[int]*Coder{}
	for name, text := range texts() {
		t.Run(name, func(t *testing.T) {
			for _, block := range []int{0, 1, 2, 3, 100, 1001} {
				if block > 0 && block < 4 && len(text) > 3000 {
					continue
				}
				payload := roundTrip(t, &Coder{block: block}, text)
				if used[block] == nil {
					used[block] = &Coder{block: block}
				}
				if again := encode(t, used[block], text); !bytes.Equal(again, payload) {
					t.Errorf("blocks of %d: a coder that was used gives another payload", block)
				}
			}
		})
	}
}

// Several chains, some longer than others.
func TestChains(t *testing.T) {
	text := golden.Text("table", 3, chains*leastChain+leastChain/2)
	used := map[int]bool{}
	for _, n := range []int{leastChain, 2 * leastChain, 2*leastChain + 1, 5*leastChain - 1, 5*leastChain + 4, chains*leastChain + 7, len(text)} {
		count := chainsOf(n)
		used[count] = true
		var c Coder
		c.begin()
		counts := [256]int{}
		for _, b := range text[:n] {
			counts[b]++
		}
		lengths := codeLengths(&counts)
		c.model.tree.build(&lengths)
		coder := newEncoder(nil)
		if err := c.encodeBlock(t.Context(), &coder, text[:n]); err != nil {
			t.Fatal(err)
		}
		payload := coder.finish()
		decode := func(payload []byte) ([]byte, error) {
			c.model.reset()
			coder := newDecoder(payload)
			return c.decodeBlock(t.Context(), &coder, nil, n)
		}
		if back, err := decode(payload); err != nil || !bytes.Equal(back, text[:n]) {
			t.Errorf("%d bytes in %d chains: %v, or other bytes", n, count, err)
		}
		// Each chain must end where the one in front of it begins.
		for i := range count {
			bad := bytes.Clone(payload)
			bits := 0
			for 1<<bits <= n {
				bits++
			}
			at := (i+1)*bits - 1 // the last bit of a number; 1 and 0 are in turn coded
			bad[at/8] ^= 0x80 >> (at % 8)
			if _, err := decode(bad); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%d bytes, chain %d of %d begins elsewhere: %v", n, i, count, err)
			}
		}
	}
	if !used[1] || !used[2] || !used[chains] {
		t.Errorf("chains: %v", used)
	}
}

// The symbols that are coded are those in front of the sorted suffixes, as the definition has it.
func FuzzTransform(f *testing.F) {
	for _, text := range texts() {
		f.Add(text[:min(len(text), 300)])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 || len(text) > 2000 {
			return
		}
		want := []byte{text[len(text)-1]}
		begin := 0
		for i, p := range naive(text) {
			if p == 0 {
				begin = i + 1
			} else {
				want = append(want, text[p-1])
			}
		}
		var c Coder
		c.begin()
		counts := [256]int{}
		for _, b := range text {
			counts[b]++
		}
		lengths := codeLengths(&counts)
		c.model.tree.build(&lengths)
		coder := newEncoder(nil)
		if err := c.encodeBlock(t.Context(), &coder, text); err != nil {
			t.Fatal(err)
		}
		c.model.reset()
		coder = newDecoder(coder.finish())
		if got := codeNumber(&coder, 0, len(text)); got != begin {
			t.Errorf("the text is in row %d, want %d", got, begin)
		}
		for i, b := range want {
			if got := c.model.code(&coder, 0); got != uint32(b) {
				t.Fatalf("symbol %d is %d, want %d", i, got, b)
			}
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	for _, text := range texts() {
		f.Add(text[:min(len(text), 500)], uint16(0))
		f.Add(text[:min(len(text), 500)], uint16(77))
	}
	c := new(Coder)
	f.Fuzz(func(t *testing.T, text []byte, block uint16) {
		c.block = int(block)
		roundTrip(t, c, text[:min(len(text), 5000)])
	})
}

func FuzzDecode(f *testing.F) {
	c := new(Coder)
	for _, text := range texts() {
		text = text[:min(len(text), 500)]
		f.Add(encode(f, c, text), uint16(len(text)))
	}
	f.Fuzz(func(t *testing.T, payload []byte, n uint16) {
		back, err := c.Decode(t.Context(), []byte("head"), payload, int(n))
		if err == nil && len(back) != len("head")+int(n) || err != nil && (!errors.Is(err, ErrCorrupt) || string(back) != "head") {
			t.Errorf("%d bytes, want %d: %v", len(back), n, err)
		}
	})
}

// Payloads that were changed give ErrCorrupt, or as many bytes; those that were cut, extended, or
// are of another size give ErrCorrupt.
func TestCorrupt(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var c Coder
	for _, text := range [][]byte{golden.Text("prose", 2, 3000), golden.Text("log", 2, 1000), bytes.Repeat([]byte("ab"), 300)} {
		payload := encode(t, &c, text)
		refused := func(payload []byte, n int) bool {
			back, err := c.Decode(t.Context(), nil, payload, n)
			if err == nil && len(back) != n || err != nil && !errors.Is(err, ErrCorrupt) {
				t.Errorf("%d bytes, want %d: %v", len(back), n, err)
			}
			return err != nil
		}
		for n := range payload {
			if !refused(payload[:n], len(text)) {
				t.Errorf("%d bytes of a payload of %d", n, len(payload))
			}
		}
		if !refused(append(bytes.Clone(payload), 0), len(text)) {
			t.Error("a payload with one byte more")
		}
		for _, n := range []int{0, 1, len(text) - 1, len(text) + 1, 1 << 30} {
			// One byte of a long repeat more takes no bit.
			if text[0] == 'a' && (n-len(text))*(n-len(text)) == 1 {
				continue
			}
			if !refused(payload, n) {
				t.Errorf("%d bytes of %d", n, len(text))
			}
		}
		for range 300 {
			bad := bytes.Clone(payload)
			bad[r.IntN(len(bad))] ^= byte(1 + r.UintN(255))
			refused(bad, len(text))
		}
	}
}

// What a payload claims takes no memory.
func TestDecodeTakesNoMemory(t *testing.T) {
	var c Coder
	payload := encode(t, &c, golden.Text("prose", 2, 2000))
	zeros := encode(t, &c, make([]byte, 100))
	for name, p := range map[string][]byte{
		"cut": payload[:len(payload)/2], "zeros": zeros, "tokens": {tokenized, 0xff, 0xff, 0xff, 0xff, 1, 1, 2, 3}, "few": {0, 1, 2},
	} {
		c := Coder{model: c.model}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := c.Decode(t.Context(), nil, p, 1<<30); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes are allocated", name, n)
		}
	}
}

func TestContext(t *testing.T) {
	text := golden.Text("prose", 11, 60_000)
	c := &Coder{block: 9000}
	payload := roundTrip(t, c, text)
	looks := endsAnywhere(t, func(ctx context.Context) error {
		_, _, err := c.Encode(ctx, nil, text)
		return err
	})
	if looks < 20 {
		t.Errorf("encoding looks at the context %d times", looks)
	}
	if looks = endsAnywhere(t, func(ctx context.Context) error {
		_, err := c.Decode(ctx, nil, payload, len(text))
		return err
	}); looks < 12 {
		t.Errorf("decoding looks at the context %d times", looks)
	}
}

// Memory is what a Coder takes at most.
func TestMemory(t *testing.T) {
	for _, n := range []int{0, 1, 5000, 100_000} {
		for _, kind := range golden.Kinds {
			var c, d Coder
			text := golden.Text(kind, 1, n)
			payload := encode(t, &c, text)
			if _, err := d.Decode(t.Context(), nil, payload, n); err != nil {
				t.Fatal(err)
			}
			if most := Memory(n); c.Size() > most || d.Size() > most {
				t.Errorf("%s of %d bytes takes %d and %d, want at most %d", kind, n, c.Size(), d.Size(), most)
			}
		}
	}
	if Memory(maxBlock) != Memory(1<<30) {
		t.Error("memory is not bounded")
	}
}

// The method says which texts it is made for.
func TestFits(t *testing.T) {
	prose := golden.Text("prose", 1, 60_000)
	for name, tt := range map[string]struct {
		text []byte
		fits bool
	}{
		"prose": {prose, true}, "table": {golden.Text("table", 1, 60_000), false}, "log": {golden.Text("log", 1, 60_000), false},
		"repeated": {bytes.Repeat(prose[:3000], 40), false}, "empty": {nil, false},
	} {
		var c Coder
		if _, fits, err := c.Encode(t.Context(), nil, tt.text); err != nil || fits != tt.fits {
			t.Errorf("%s: fits %v, %v", name, fits, err)
		}
	}
}

// What it is made for does not depend on how many bits an int has, for large chunks.
func TestSuitsLargeChunks(t *testing.T) {
	for _, c := range []struct {
		raw, tokens, payload int
		want                 bool
	}{
		{450e6, 200e6, 100e6, true}, {450e6, 200e6, 50e6, false}, {450e6, 290e6, 100e6, false}, {1e9, 500e6, 250e6, true},
	} {
		if got := suits(c.raw, c.tokens, c.payload); got != c.want {
			t.Errorf("%d bytes as %d tokens and %d bytes: %v", c.raw, c.tokens, c.payload, got)
		}
	}
}

// TestPins compares payloads with testdata/pins.txt. A change of any line is a change of the
// format, and has its line in CHANGELOG.md.
func TestPins(t *testing.T) {
	var got []string
	pin := func(name string, c *Coder, text []byte) {
		payload := roundTrip(t, c, text)
		got = append(got, fmt.Sprintf("%s: %d of %d, %x", name, len(payload), len(text), sha256.Sum256(payload)))
	}
	var c Coder
	for _, kind := range golden.Kinds {
		for _, n := range []int{1, 2, 100, 5000, 150_000} {
			pin(kind, &c, golden.Text(kind, 1, n))
		}
	}
	pin("blocks", &Coder{block: 10_000}, golden.Text("prose", 1, 150_000))
	words := strings.Fields(string(golden.Text("prose", 8, 40_000)))
	for _, ending := range []string{"\n", "\r\n", " \n", " \r\n"} {
		pin(fmt.Sprintf("wrapped, %q", ending), &c, wrapAt(words, 70, ending))
	}
	pin("capitals", &c, bytes.ToUpper(golden.Text("prose", 3, 9000)))
	pin("every byte", &c, texts()["every byte"])
	golden.Stored(t, filepath.Join("testdata", "pins.txt"), []byte(strings.Join(got, "\n")+"\n"))
}

func BenchmarkCoder(b *testing.B) {
	text := golden.Text("prose", 1, 2<<20)
	var c Coder
	payload := encode(b, &c, text)
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			encode(b, &c, text)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := c.Decode(b.Context(), nil, payload, len(text)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
