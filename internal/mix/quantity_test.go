package mix

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// ticking is lines of several sources in turn, with times and numbers that move by a little.
func ticking(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 6))
	var b bytes.Buffer
	var counters [5]int
	for now := 86390_000; b.Len() < n; now += r.IntN(5000) {
		s, ms := now/1000, now%1000
		who := r.IntN(len(counters))
		counters[who] += 1 + r.IntN(12)
		switch r.IntN(4) {
		case 0:
			fmt.Fprintf(&b, "%02d:%02d:%02d,%03d worker%d step %d took %d ms\n", s/3600%24, s/60%60, s%60, ms, who, 1000*who+counters[who], r.IntN(40))
		case 1:
			fmt.Fprintf(&b, "%02d:%02d:%02d,%03d %d.%02d.%02d.%02d epoch %d\n", s/3600%24, s/60%60, s%60, ms, 7, s/3600%24, s/60%60, s%60, 1_700_000_000+s)
		case 2:
			fmt.Fprintf(&b, "%02d:%02d:%02d,%03d [node%d-%d] offset=%08d\n", s/3600%24, s/60%60, s%60, ms, who, counters[who], counters[who])
		default:
			fmt.Fprintf(&b, "%d queue %d\n", 1_700_000_000+s, 9990+counters[0]/8)
		}
	}
	return b.Bytes()[:n]
}

// reader is a model that has read text.
func reader(t testing.TB, text []byte) *model {
	t.Helper()
	m := new(model)
	if err := m.reset(t.Context(), kind{number: 6, bits: 16}); err != nil {
		t.Fatal(err)
	}
	if err := m.learn(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	return m
}

// likeliest is the digit that a view holds most probable.
func likeliest(m *model, view int) (digit byte) {
	s := m.startSymbols()
	if !s.known {
		return '?'
	}
	best := uint32(0)
	for c, p := range s.tree[view][16:26] {
		if p > best {
			best, digit = p, '0'+byte(c)
		}
	}
	return digit
}

// Times go on across carries and midnight, and numbers by what they mostly go on by.
func TestQuantities(t *testing.T) {
	var clocks, counts, words, epochs bytes.Buffer
	for i := range 40 {
		now := 86400 - 40*7 + i*7
		fmt.Fprintf(&clocks, "%02d:%02d:%02d tick\n", now/3600%24, now/60%60, now%60)
		fmt.Fprintf(&counts, "job %d done\n", 60+i)
		fmt.Fprintf(&words, "part of host%c %d read\n", 'a'+i%2, 5000*(i%2)+i/2+978)
		fmt.Fprintf(&epochs, "%d tick\n", 1_699_999_690+i*8)
	}
	for _, c := range []struct {
		name, text, next string
		view             int
	}{
		{"clock at midnight", clocks.String(), "00:00:00", byPlace},
		{"clock by time", clocks.String(), "00:00:00", byTime},
		{"count with one more digit", counts.String(), "100", byPlace},
		{"interleaved", words.String() + "part of hosta ", "998", byWord},
		{"epoch", epochs.String(), "1700000010", byPlace},
	} {
		text := c.text
		if c.name == "count with one more digit" {
			text += "job "
		}
		got := ""
		for i := range c.next {
			if c.next[i] < '0' || c.next[i] > '9' {
				got += c.next[i : i+1]
				continue
			}
			got += string(likeliest(reader(t, []byte(text+c.next[:i])), c.view))
		}
		if got != c.next {
			t.Errorf("%s: %s is foreseen, want %s", c.name, got, c.next)
		}
	}
}

// Symbols are foreseen only where a number may be, and their probabilities never sum to more than
// one. Bytes come back whatever surrounds the numbers.
func FuzzQuantities(f *testing.F) {
	for seed := range uint64(6) {
		f.Add(seed, uint16(4000))
	}
	smallTables(f)
	var c Coder
	f.Fuzz(func(t *testing.T, seed uint64, size uint16) {
		r := rand.New(rand.NewPCG(seed, 7))
		text := ticking(int(size), seed)
		for range r.IntN(1 + len(text)/200) {
			text[r.IntN(len(text))] = "0:.,9-\n x"[r.IntN(9)]
		}
		m := new(model)
		if err := m.reset(t.Context(), kind{number: 6, bits: 12}); err != nil {
			t.Fatal(err)
		}
		for _, b := range text {
			if r.IntN(3) == 0 {
				s := m.startSymbols()
				for v := range quantityViews {
					if all := uint64(s.tree[v][1]) + uint64(s.ending[v]); s.known && all > 1<<deltaScale {
						t.Fatalf("symbols sum to %d of %d behind %q", all, 1<<deltaScale, m.buf[max(0, len(m.buf)-40):])
					}
				}
			}
			m.follow(b, false)
		}
		for _, level := range []int{4, 6} {
			p := Params{Level: level}
			payload := encodeBy(t, &c, p, text)
			back, err := c.Decode(t.Context(), p, nil, payload, len(text))
			if err != nil || !bytes.Equal(back, text) {
				t.Fatalf("-%d: %d bytes do not come back: %v", level, len(text), err)
			}
		}
	})
}

// Foreseeing numbers is worth a twentieth of such logs and more.
func TestNumbersPay(t *testing.T) {
	text := ticking(30000, 1)
	size := func(numbers bool) int {
		m := new(model)
		if err := m.reset(t.Context(), kind{number: 6, bits: 15}); err != nil {
			t.Fatal(err)
		}
		m.level.numbers = numbers
		e := newBitEncoder(nil)
		if err := m.encode(t.Context(), text, &e, &bitEncoder{off: true}); err != nil {
			t.Fatal(err)
		}
		return len(e.finish())
	}
	if with, without := size(true), size(false); with > without*19/20 {
		t.Errorf("%d bytes with, %d without", with, without)
	}
}
