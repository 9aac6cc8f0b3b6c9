package mix

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A stretch that is right leaves the state that its bytes leave one by one.
func FuzzAdvance(f *testing.F) {
	for level := range uint8(len(levels)) {
		for seed := range uint64(3) {
			f.Add(seed, level, uint16(900*seed))
		}
	}
	smallTables(f)
	var fast, slow model
	f.Fuzz(func(t *testing.T, seed uint64, level uint8, size uint16) {
		r := rand.New(rand.NewPCG(seed, 0))
		text := append(lines(1+r.IntN(20), seed), patchwork(r, int(size)%5000)...)
		text = append(text, numbered(r.IntN(3000), seed)...)
		k := kind{number: int(level) % len(levels), bits: 12}
		if err := fast.reset(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		if err := fast.learn(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		for range 1 + r.IntN(5) {
			from := 1 + r.IntN(len(fast.buf)-1)
			if who := fast.guesser(); who >= 0 && r.IntN(3) > 0 {
				from = fast.cursor.experts[who].ptr
			}
			n := fast.stretchLength(from, 1+r.IntN(maxStretch))
			if err := slow.copyFrom(t.Context(), &fast); err != nil {
				t.Fatal(err)
			}
			fast.advance(from, n, fast.agreeing(from, n))
			for i := range n {
				slow.endByte(slow.buf[from+i], i+1 < n)
			}
			if got, want := fast.everything(), slow.everything(); !reflect.DeepEqual(got, want) {
				t.Fatalf("level %d, %d bytes at %d: %s", k.number, n, from,
					cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })))
			}
		}
	})
}

// everything is the state that following a text changes.
func (m *model) everything() any {
	return []any{m.cursor, m.buf, m.matches, m.template, m.key, m.indirect2, m.deltas}
}

// A stretch that is coded as wrong and comes nevertheless is refused: each chunk has one payload.
func TestStretchesAreCanonical(t *testing.T) {
	text := bytes.Repeat([]byte("a line of words that come again and again\n"), 9)
	p := Params{Level: 1}
	for lie := range 2 {
		e, off := newBitEncoder(nil), bitEncoder{off: true}
		var c Coder
		if err := c.start(t.Context(), &p, len(text), letters{}, false, func(y, q uint32) uint32 {
			e.encode(y, q)
			return y
		}); err != nil {
			t.Fatal(err)
		}
		m := &c.model
		lies := 0
		for i := 0; i < len(text); {
			if lies < lie && i > len(text)/2 {
				if m.startStretch(len(text)-i) != nil {
					lies++
					e.encode(0, m.stretch.guess.p)
					m.settleStretch(false)
				}
			}
			i += m.encodeNext(text[i:], &e, &off)
		}
		if lies != lie {
			t.Fatalf("%d stretches were denied, want %d", lies, lie)
		}
		switch _, err := new(Coder).Decode(t.Context(), p, nil, e.finish(), len(text)); {
		case lie == 0 && err != nil:
			t.Error(err)
		case lie > 0 && !errors.Is(err, ErrCorrupt):
			t.Errorf("a stretch is denied: %v", err)
		}
	}
}
