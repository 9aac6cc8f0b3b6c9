package finetune

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/internal/fakemodel"
)

func TestNewCorpus(t *testing.T) {
	var text []byte
	for i := range 500 {
		text = fmt.Appendf(text, "INFO line %d of a log\n", i)
	}
	m := fakemodel.New(fakemodel.Options{})
	other := []byte("no line end, and \xff is no text")
	c, err := NewCorpus(m, [][]byte{text, other, nil, []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	spell := func(tokens []int32) (b []byte) {
		for _, token := range tokens {
			b = append(b, m.Pieces()[token]...)
		}
		return b
	}
	if got := append(spell(c.train[0]), spell(c.held[0])...); !bytes.Equal(got, text) {
		t.Errorf("the parts spell %q", got)
	}
	held := spell(c.held[0])
	if !bytes.HasPrefix(held, []byte("INFO line ")) || len(held) < len(text)/heldOut || len(held) > len(text)/heldOut+30 {
		t.Errorf("%d of %d bytes are held out: %.40q", len(held), len(text), held)
	}
	if got := append(spell(c.train[1]), spell(c.held[1])...); !bytes.Equal(got, other) {
		t.Errorf("the parts spell %q", got)
	}
	if len(c.train) != 3 || len(c.held) != 2 { // a text of one byte has nothing to hold out
		t.Errorf("%d texts, of %d a part is held out", len(c.train), len(c.held))
	}
	if n := count(c.train) + count(c.held); c.Tokens()+c.Held() != n {
		t.Errorf("%d + %d tokens, want %d", c.Tokens(), c.Held(), n)
	}
}

// counting gives tokens from, from+1, …
func counting(from, n int) (tokens []int32) {
	for i := range n {
		tokens = append(tokens, int32(from+i))
	}
	return tokens
}

// A pass has every token once, behind those before it in the text or behind BOS.
func TestPass(t *testing.T) {
	const bos, n = 0, 32
	for _, size := range []int{1, 31, 32, 33, 64, 500} {
		c := &Corpus{bos: bos, train: [][]int32{counting(1, size), counting(1000, 40)}}
		windows := c.pass(n, 7, 3)
		var got []int32
		for _, w := range windows {
			if len(w) != n+1 || w[0] != bos || w[1] < 0 {
				t.Fatalf("window %v", w)
			}
			for i, token := range w[1:] {
				switch {
				case token >= 0 && i > 0 && token != w[i]+1:
					t.Fatalf("window %v", w)
				case token < 0 && slices.Max(w[i+1:]) >= 0:
					t.Fatalf("window %v is padded inside", w)
				case token >= 0:
					got = append(got, token)
				}
			}
		}
		slices.Sort(got)
		if want := append(counting(1, size), counting(1000, 40)...); !slices.Equal(got, want) {
			t.Errorf("text of %d: %v", size, got)
		}
		same := func(seed, number uint64) bool {
			return slices.EqualFunc(windows, c.pass(n, seed, number), slices.Equal)
		}
		if !same(7, 3) || size == 500 && (same(7, 4) || same(8, 3)) {
			t.Errorf("text of %d: order does not depend on seed and number", size)
		}
	}
}

func TestHeldWindows(t *testing.T) {
	pieces := make([][]byte, 100)
	for i := range pieces {
		pieces[i] = bytes.Repeat([]byte{'x'}, i%3)
	}
	c := &Corpus{pieces: pieces, held: [][]int32{counting(0, 99), counting(3, 50)}}
	windows, size := c.heldWindows(32)
	if len(windows) != 6 || size != 99+49 { // 4 and 2
		t.Errorf("%d windows of %d bytes", len(windows), size)
	}
	for range maxHeld {
		c.held = append(c.held, counting(1, 64))
	}
	windows, _ = c.heldWindows(32)
	if len(windows) != maxHeld || windows[0][1] != 0 || windows[maxHeld-1][1] == 0 {
		t.Errorf("%d windows", len(windows))
	}
}
