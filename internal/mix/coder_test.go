package mix

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// lines writes a log of n lines as servers do: times that move, counters, addresses, repeated
// values.
func lines(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	now := 1117838570
	for i := range n {
		now += r.IntN(3)
		h, m, s := now/3600%24, now/60%60, now%60
		switch r.IntN(4) {
		case 0:
			fmt.Fprintf(&b, "%02d:%02d:%02d host sshd[%d]: connection from 10.0.%d.%d port %d\n", h, m, s, 2000+i, r.IntN(4), r.IntN(256), r.IntN(65536))
		case 1:
			id := r.Uint64()
			fmt.Fprintf(&b, "- %d R%02d-M0 %02d.%02d.%02d.%06d trace=%016x span=%016x KERNEL INFO\n", now, r.IntN(64), h, m, s, r.IntN(1e6), id, id)
		case 2:
			fmt.Fprintf(&b, `{"ts":%d,"level":"warn","msg":"retry %d of 10","user":"u%d"}`+"\r\n", now, i%10, r.IntN(30))
		default:
			fmt.Fprintf(&b, "%02d:%02d:%02d host kernel: message repeated %d times\n", h, m, s, i/2)
		}
	}
	return b.Bytes()
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(7, 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func samples() map[string][]byte {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	return map[string][]byte{
		"empty":         nil,
		"byte":          {0},
		"zeros":         make([]byte, 5000),
		"every byte":    every,
		"noise":         noise(3000),
		"log":           lines(150, 1),
		"identifiers":   identifiers(300, 1),
		"one long line": bytes.Repeat([]byte("0123456789 abc "), 300),
		"newlines":      bytes.Repeat([]byte("\n"), 1000),
		"digits":        bytes.Repeat([]byte("9999999999999999999999"), 50),
		"times":         []byte(strings.Repeat("59:59:59 9999999999 00.00.00\n", 40)),
		"text":          []byte(strings.Repeat("The quick brown fox, naïve, jumps över the dog. ", 30)),
		"records":       bytes.Repeat([]byte{1, 0, 0, 0, 7, 9, 255, 3, 0, 0, 0, 7}, 200),
	}
}

// encode is Encode by a new Coder.
func encode(t testing.TB, p Params, src []byte) []byte {
	t.Helper()
	return encodeBy(t, new(Coder), p, src)
}

func encodeBy(t testing.TB, c *Coder, p Params, src []byte) []byte {
	t.Helper()
	payload, err := c.Encode(t.Context(), p, nil, src)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// primed is a state for chunks of up to 1 MiB.
func primed(t testing.TB, level int, text []byte) *Primed {
	t.Helper()
	p, err := Prime(t.Context(), level, 1<<20, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRoundTrip(t *testing.T) {
	var c Coder // of all chunks: nothing of one is left for the next
	for _, level := range []int{1, 3, 6} {
		p := Params{Level: level}
		for name, src := range samples() {
			payload, err := c.Encode(t.Context(), p, []byte("head"), src)
			if err != nil {
				t.Fatal(err)
			}
			if again := encode(t, p, src); !bytes.Equal(again, payload[4:]) {
				t.Errorf("-%d %s: a new Coder gives other bytes", level, name)
			}
			back, err := c.Decode(t.Context(), p, []byte("tail"), payload[4:], len(src))
			if err != nil || !bytes.Equal(back[4:], src) || string(back[:4]) != "tail" {
				t.Errorf("-%d %s: %d bytes do not come back: %v", level, name, len(src), err)
			}
		}
	}
}

func TestLevels(t *testing.T) {
	var c Coder
	for _, level := range []int{-1, len(levels)} {
		if _, err := c.Encode(t.Context(), Params{Level: level}, nil, nil); !errors.Is(err, ErrLevel) {
			t.Errorf("Encode at level %d: %v", level, err)
		}
		if _, err := c.Decode(t.Context(), Params{Level: level}, nil, nil, 0); !errors.Is(err, ErrLevel) {
			t.Errorf("Decode at level %d: %v", level, err)
		}
		if _, err := Prime(t.Context(), level, 0, nil); !errors.Is(err, ErrLevel) {
			t.Errorf("Prime at level %d: %v", level, err)
		}
		if n := Memory(level, 1, true); n != 0 {
			t.Errorf("level %d takes %d bytes", level, n)
		}
	}
	src := lines(300, 3)
	var sizes []int
	for _, level := range []int{0, 1, 3, 6} {
		sizes = append(sizes, len(encode(t, Params{Level: level}, src)))
	}
	if sizes[1] >= sizes[0] || sizes[2] >= sizes[1] || sizes[3] >= sizes[2] {
		t.Errorf("sizes by level %v do not fall", sizes)
	}
	if _, err := c.Encode(t.Context(), Params{Level: 3, Primed: primed(t, 1, nil)}, nil, src); err == nil {
		t.Error("a state of another level is taken")
	}
}

// Coding a chunk after a primer is coding the tail of both in one.
func TestPrime(t *testing.T) {
	for _, level := range []int{1, 3, 6} {
		primer, chunk := lines(200, 1), lines(100, 2)
		first, later := Params{Level: level, Later: 1 << 20}, Params{Level: level, Primed: primed(t, level, primer)}
		payload := encode(t, later, chunk)
		cold := encode(t, Params{Level: level}, chunk)
		if len(payload) >= len(cold) {
			t.Errorf("-%d: primed %d bytes, cold %d", level, len(payload), len(cold))
		}

		var c Coder
		head, err := c.Encode(t.Context(), first, nil, primer)
		if err != nil {
			t.Fatal(err)
		}
		later.Primed = c.Take()
		if again := encode(t, later, chunk); !bytes.Equal(again, payload) {
			t.Errorf("-%d: the state after coding the primer is not that after Prime", level)
		}
		if _, err := c.Decode(t.Context(), first, nil, head, len(primer)); err != nil {
			t.Fatal(err)
		}
		later.Primed = c.Take()
		if again := encode(t, later, chunk); !bytes.Equal(again, payload) {
			t.Errorf("-%d: the state after decoding the primer is not that after Prime", level)
		}
		for range 2 {
			if back, err := c.Decode(t.Context(), later, nil, payload, len(chunk)); err != nil || !bytes.Equal(back, chunk) {
				t.Fatalf("-%d: %v", level, err)
			}
			if _, err := c.Encode(t.Context(), later, nil, noise(2000)); err != nil { // leaves no trace
				t.Fatal(err)
			}
		}

		// An empty primer is legal.
		later.Primed = primed(t, level, nil)
		again := encode(t, later, chunk)
		if back, err := c.Decode(t.Context(), later, nil, again, len(chunk)); err != nil || !bytes.Equal(back, chunk) {
			t.Errorf("-%d: an empty primer: %v", level, err)
		}
	}
}

// A chunk that others start from has tables for them; a decoder that expects none of them refuses
// it, and takes one without.
func TestLater(t *testing.T) {
	src := lines(20, 1)
	var c Coder
	for _, level := range []int{1, 6} {
		more, none := Params{Level: level, Later: 1 << 20}, Params{Level: level}
		payload := encode(t, more, src)
		if _, err := c.Decode(t.Context(), none, nil, payload, len(src)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("-%d: tables that nothing needs: %v", level, err)
		}
		if back, err := c.Decode(t.Context(), more, nil, payload, len(src)); err != nil || !bytes.Equal(back, src) {
			t.Errorf("-%d: %v", level, err)
		}
		if back, err := c.Decode(t.Context(), more, nil, encode(t, none, src), len(src)); err != nil || !bytes.Equal(back, src) {
			t.Errorf("-%d: a chunk without others, where there could be: %v", level, err)
		}
	}
}

// Coders that share a primed state do not disturb each other; the race detector watches.
func TestPrimedConcurrently(t *testing.T) {
	p := Params{Level: 3, Primed: primed(t, 3, lines(200, 1))}
	want := make([][]byte, 4)
	for i := range want {
		want[i] = encode(t, p, lines(50, uint64(i)))
	}
	var wg sync.WaitGroup
	for i := range want {
		wg.Go(func() {
			var c Coder
			for range 2 {
				if got, err := c.Encode(t.Context(), p, nil, lines(50, uint64(i))); err != nil || !bytes.Equal(got, want[i]) {
					t.Errorf("coder %d: other bytes beside others: %v", i, err)
				}
				if _, err := c.Encode(t.Context(), Params{Level: 3}, nil, lines(20, uint64(i))); err != nil { // priors are shared, too
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// A prefix of a payload, and a payload with something behind it, is refused, or it is the payload
// of another text.
func TestTruncated(t *testing.T) {
	var c Coder
	p, src := Params{Level: 1}, lines(60, 5)
	payload := encode(t, p, src)
	refused := 0
	for n := 0; n <= len(payload)+1; n += 7 {
		if n == len(payload) {
			continue
		}
		damaged := append(payload[:len(payload):len(payload)], 1)[:n]
		back, err := c.Decode(t.Context(), p, nil, damaged, len(src))
		switch {
		case errors.Is(err, ErrCorrupt):
			refused++
		case err != nil || bytes.Equal(back, src):
			t.Errorf("%d of %d bytes: %v", n, len(payload), err)
		default:
			if again := encode(t, p, back); !bytes.Equal(again, damaged) {
				t.Errorf("%d of %d bytes decode to a text of another payload", n, len(payload))
			}
		}
	}
	if refused == 0 {
		t.Error("no damage is refused")
	}
	if _, err := c.Decode(t.Context(), p, nil, append(payload, 0), len(src)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a byte too many: %v", err)
	}
}

type oracle struct {
	text  []byte
	at    int
	saved int // in units of 1/4096 bits
}

func (o *oracle) Byte(_ byte, _, saved int32) {
	o.at++
	o.saved += int(saved)
}

func (o *oracle) Run(text []byte) { o.at += len(text) }

func (o *oracle) Bit(partial uint32) (p, confidence uint32) {
	b := uint32(o.text[o.at]) | 256
	for n := uint32(0); n < 8; n++ {
		if b>>(8-n) == partial {
			return 200 + (65536-400)*(b>>(7-n)&1), 15
		}
	}
	return 0, 0
}

// An advisor that knows the text makes the payload small, and the decoder with the same advice
// gives the text back.
func TestAdvise(t *testing.T) {
	var c Coder
	src := noise(2000)
	o := &oracle{text: src}
	payload, alone, err := c.EncodeBoth(t.Context(), Params{Level: 6, Advisor: o}, nil, nil, src)
	if err != nil {
		t.Fatal(err)
	}
	plain := encode(t, Params{Level: 6}, src)
	if !bytes.Equal(alone, plain) {
		t.Error("the payload without advice is not the one that there is without an advisor")
	}
	if saved := len(plain) - len(payload); o.saved/4096/8 < saved-20 || o.saved/4096/8 > saved+20 {
		t.Errorf("the advice saves %d bytes; the advisor is told of %d", saved, o.saved/4096/8)
	}
	if len(payload) > 500 {
		t.Errorf("%d bytes for 2000 that the advisor knows", len(payload))
	}
	p := Params{Level: 6, Advisor: &oracle{text: src}}
	if back, err := c.Decode(t.Context(), p, nil, payload, len(src)); err != nil || !bytes.Equal(back, src) {
		t.Error(err)
	}
}

// smallTables makes the tables of all levels so small that a fuzzer tries many inputs a second,
// until f ends.
func smallTables(f *testing.F) {
	logs, prose := levels, proseLevels
	f.Cleanup(func() { levels, proseLevels = logs, prose })
	for _, table := range []*[len(levels)]level{&levels, &proseLevels} {
		for i := range table {
			l := &table[i]
			l.slotBits, l.matchBits, l.placeBits, l.apmBits, l.guessBits, l.noiseBits, l.prior = 8, 8, 4, 6, 6, min(l.noiseBits, 4), preparation{}
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	for _, src := range samples() {
		for level := range uint8(len(levels)) {
			f.Add(src[:min(len(src), 600)], level)
		}
	}
	smallTables(f)
	var c, e Coder
	f.Fuzz(func(t *testing.T, src []byte, level uint8) {
		p := Params{Level: int(level) % len(levels)}
		payload := encodeBy(t, &e, p, src)
		if back, err := c.Decode(t.Context(), p, nil, payload, len(src)); err != nil || !bytes.Equal(back, src) {
			t.Fatalf("%d bytes do not come back: %v", len(src), err)
		}
	})
}

// A payload that claims to be more than it is costs no memory.
func TestDecodeClaims(t *testing.T) {
	var c Coder
	payload := encode(t, Params{Level: 1, Later: 1}, lines(20, 1))
	out, err := c.Decode(t.Context(), Params{Level: 1, Later: 1}, nil, payload, 1<<30)
	if !errors.Is(err, ErrCorrupt) || cap(out) > 1<<20 {
		t.Errorf("%d bytes, room for %d: %v", len(out), cap(out), err)
	}
}

// Any payload either gives n bytes, of which it is then the payload, or is refused.
func FuzzDecode(f *testing.F) {
	smallTables(f)
	for level := range uint8(len(levels)) {
		f.Add(encode(f, Params{Level: int(level)}, lines(20, 1)), uint16(1000), level)
		f.Add(encode(f, Params{Level: int(level)}, make([]byte, 4000)), uint16(4000), level)
	}
	f.Add([]byte{}, uint16(0), uint8(5))
	f.Add(noise(100), uint16(50), uint8(5))
	var c, e Coder
	f.Fuzz(func(t *testing.T, payload []byte, size uint16, level uint8) {
		n := int(size)
		p := Params{Level: int(level) % len(levels)}
		out, err := c.Decode(t.Context(), p, nil, payload, n)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if len(out) != n {
			t.Fatalf("%d bytes, want %d", len(out), n)
		}
		k := c.model.kind
		k.prose, k.without = false, 0
		if k.choose(lettersOf(t.Context(), out), uncoded); k != c.model.kind {
			return // Encode would have chosen the other
		}
		if again := encodeBy(t, &e, p, out); !bytes.Equal(again, payload) {
			t.Fatalf("%x decodes to %d bytes whose payload is %x", payload, n, again)
		}
	})
}
