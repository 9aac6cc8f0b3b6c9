package mix

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// lines writes a log of n lines as servers do: times that move, counters, addresses, repeated values.
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
		"one long line": bytes.Repeat([]byte("0123456789 abc "), 300),
		"newlines":      bytes.Repeat([]byte("\n"), 1000),
		"digits":        bytes.Repeat([]byte("9999999999999999999999"), 50),
		"times":         []byte(strings.Repeat("59:59:59 9999999999 00.00.00\n", 40)),
		"text":          []byte(strings.Repeat("The quick brown fox, naïve, jumps över the dog. ", 30)),
		"records":       bytes.Repeat([]byte{1, 0, 0, 0, 7, 9, 255, 3, 0, 0, 0, 7}, 200),
	}
}

var coders sync.Map // by level: a test reuses them, as they are large

func coder(t testing.TB, level int) *Coder {
	if c, ok := coders.Load(level); ok {
		return c.(*Coder)
	}
	c, err := New(level)
	if err != nil {
		t.Fatal(err)
	}
	coders.Store(level, c)
	return c
}

func TestRoundTrip(t *testing.T) {
	for _, level := range []int{1, 3, 6} {
		c := coder(t, level)
		for name, src := range samples() {
			if level == 6 && name != "log" { // it is slow to start
				continue
			}
			payload, err := c.Encode([]byte("head"), src)
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := c.Encode([]byte("head"), src); !bytes.Equal(again, payload) {
				t.Errorf("-%d %s: a second run gives other bytes", level, name)
			}
			back, err := c.Decode([]byte("tail"), payload[4:], len(src))
			if err != nil || !bytes.Equal(back[4:], src) || string(back[:4]) != "tail" {
				t.Errorf("-%d %s: %d bytes do not come back: %v", level, name, len(src), err)
			}
		}
	}
}

// The payloads' hashes: the format is what they say. A change of any of them is a change of the format.
func TestGolden(t *testing.T) {
	for level, want := range golden {
		if testing.Short() && level > 3 {
			continue
		}
		h := sha256.New()
		c := coder(t, level)
		for _, src := range [][]byte{append(lines(150, 1), noise(500)...), append([]byte(strings.Repeat("a naïve text, ", 50)), make([]byte, 3000)...)} {
			payload, err := c.Encode(nil, src)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(h, "%d:%s", len(payload), payload)
		}
		if got := hex.EncodeToString(h.Sum(nil)[:16]); got != want {
			t.Errorf("-%d: payloads hash to %s, want %s", level, got, want)
		}
	}
}

func TestLevels(t *testing.T) {
	for _, level := range []int{-1, 0, len(levels)} {
		if _, err := New(level); !errors.Is(err, ErrLevel) {
			t.Errorf("New(%d): %v", level, err)
		}
	}
	src := lines(300, 3)
	var sizes []int
	for _, level := range []int{1, 3, 6} {
		payload, err := coder(t, level).Encode(nil, src)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(payload))
	}
	if sizes[1] >= sizes[0] || sizes[2] >= sizes[0] {
		t.Errorf("sizes by level %v do not fall", sizes)
	}
	if m := coder(t, 6).Memory(); m > 200<<20 {
		t.Errorf("-6 takes %d bytes", m)
	}
}

// Coding a chunk after a primer is coding the tail of both in one.
func TestPrime(t *testing.T) {
	for _, level := range []int{1, 3} {
		primer, chunk := lines(200, 1), lines(100, 2)
		c, err := New(level)
		if err != nil {
			t.Fatal(err)
		}
		p := c.Prime(primer)
		payload, err := c.Encode(nil, chunk)
		if err != nil {
			t.Fatal(err)
		}
		cold, _ := coder(t, level).Encode(nil, chunk)
		if len(payload) >= len(cold) {
			t.Errorf("-%d: primed %d bytes, cold %d", level, len(payload), len(cold))
		}

		whole := newModel(&levels[level])
		whole.reset()
		for _, b := range primer {
			whole.see(b)
		}
		tail := Coder{number: level, model: whole, primed: &Primed{whole}, fresh: true}
		if want, _ := tail.Encode(nil, chunk); !bytes.Equal(payload, want) {
			t.Errorf("-%d: the chunk after the primer is not the tail of one stream", level)
		}

		other := coder(t, level)
		other.StartFrom(p)
		for range 2 {
			if back, err := other.Decode(nil, payload, len(chunk)); err != nil || !bytes.Equal(back, chunk) {
				t.Fatalf("-%d: %v", level, err)
			}
			if _, err := other.Encode(nil, noise(2000)); err != nil { // leaves no trace
				t.Fatal(err)
			}
		}
		c.Prime(nil)
		again, _ := c.Encode(nil, chunk)
		if len(again) > len(cold) {
			t.Errorf("-%d: %d bytes after an empty primer, %d after none", level, len(again), len(cold))
		}
		if back, err := c.Decode(nil, again, len(chunk)); err != nil || !bytes.Equal(back, chunk) {
			t.Errorf("-%d: an empty primer: %v", level, err)
		}
	}
}

// Coders that share a primed state do not disturb each other; the race detector watches.
func TestPrimedConcurrently(t *testing.T) {
	c, err := New(3)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Prime(lines(200, 1))
	want := make([][]byte, 4)
	for i := range want {
		if want[i], err = c.Encode(nil, lines(50, uint64(i))); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for i := range want {
		wg.Go(func() {
			c, err := New(3)
			if err != nil {
				t.Error(err)
				return
			}
			c.StartFrom(p)
			for range 2 {
				if got, err := c.Encode(nil, lines(50, uint64(i))); err != nil || !bytes.Equal(got, want[i]) {
					t.Errorf("coder %d: other bytes beside others: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
}

// A prefix of a payload, and a payload with something behind it, is refused, or it is the payload of another text.
func TestTruncated(t *testing.T) {
	c := coder(t, 1)
	src := lines(60, 5)
	payload, err := c.Encode(nil, src)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for n := 0; n <= len(payload)+1; n += 7 {
		if n == len(payload) {
			continue
		}
		damaged := append(payload[:len(payload):len(payload)], 1)[:n]
		back, err := c.Decode(nil, damaged, len(src))
		switch {
		case errors.Is(err, ErrCorrupt):
			refused++
		case err != nil || bytes.Equal(back, src):
			t.Errorf("%d of %d bytes: %v", n, len(payload), err)
		default:
			if again, _ := c.Encode(nil, back); !bytes.Equal(again, damaged) {
				t.Errorf("%d of %d bytes decode to a text of another payload", n, len(payload))
			}
		}
	}
	if refused == 0 {
		t.Error("no damage is refused")
	}
	if _, err := c.Decode(nil, append(payload, 0), len(src)); !errors.Is(err, ErrCorrupt) {
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

func (o *oracle) Bit(partial uint32) (p, confidence uint32) {
	b := uint32(o.text[o.at]) | 256
	for n := uint32(0); n < 8; n++ {
		if b>>(8-n) == partial {
			return 200 + (65536-400)*(b>>(7-n)&1), 15
		}
	}
	return 0, 0
}

// An advisor that knows the text makes the payload small, and the decoder with the same advice gives the text back.
func TestAdvise(t *testing.T) {
	c, err := New(6)
	if err != nil {
		t.Fatal(err)
	}
	src := noise(2000)
	o := &oracle{text: src}
	c.Advise(o)
	payload, alone, err := c.EncodeBoth(nil, nil, src)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := coder(t, 6).Encode(nil, src)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(alone, plain) {
		t.Error("the payload without advice is not the one that there is without an advisor")
	}
	if saved := len(plain) - len(payload); o.saved/4096/8 < saved-20 || o.saved/4096/8 > saved+20 {
		t.Errorf("the advice saves %d bytes; the advisor is told of %d", saved, o.saved/4096/8)
	}
	if len(payload) > 500 {
		t.Errorf("%d bytes for 2000 that the advisor knows", len(payload))
	}
	c.Advise(&oracle{text: src})
	if back, err := c.Decode(nil, payload, len(src)); err != nil || !bytes.Equal(back, src) {
		t.Error(err)
	}
}

// tinyCoders are coders of all levels, with tables so small that a fuzzer tries many inputs a second. The levels are as they
// were when f ends.
func tinyCoders(f *testing.F) (coders [len(levels)]*Coder) {
	logs, prose := levels, proseLevels
	f.Cleanup(func() { levels, proseLevels = logs, prose })
	for _, table := range []*[len(levels)]level{&levels, &proseLevels} {
		for i := range table {
			l := &table[i]
			l.slotBits, l.matchBits, l.placeBits, l.apmBits, l.prior = 8, 8, 4, 6, false
		}
	}
	for i := 1; i < len(levels); i++ {
		coders[i] = &Coder{number: i}
	}
	return coders
}

func FuzzRoundTrip(f *testing.F) {
	for _, src := range samples() {
		for level := range uint8(len(levels) - 1) {
			f.Add(src[:min(len(src), 600)], level)
		}
	}
	coders := tinyCoders(f)
	f.Fuzz(func(t *testing.T, src []byte, level uint8) {
		c := coders[1+int(level)%(len(coders)-1)]
		payload, err := c.Encode(nil, src)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := c.Decode(nil, payload, len(src)); err != nil || !bytes.Equal(back, src) {
			t.Fatalf("%d bytes do not come back: %v", len(src), err)
		}
	})
}

// A payload that claims to be more than it is costs no memory.
func TestDecodeClaims(t *testing.T) {
	c := coder(t, 1)
	payload, err := c.Encode(nil, lines(20, 1))
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Decode(nil, payload, 1<<30)
	if !errors.Is(err, ErrCorrupt) || cap(out) > 1<<20 {
		t.Errorf("%d bytes, room for %d: %v", len(out), cap(out), err)
	}
}

// Any payload either gives n bytes, of which it is then the payload, or is refused.
func FuzzDecode(f *testing.F) {
	coders := tinyCoders(f)
	for level := range uint8(len(coders) - 1) {
		payload, err := coders[1+level].Encode(nil, lines(20, 1))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload, uint16(1000), level)
	}
	f.Add([]byte{}, uint16(0), uint8(5))
	f.Add(noise(100), uint16(50), uint8(5))
	f.Fuzz(func(t *testing.T, payload []byte, size uint16, level uint8) {
		n := int(size)
		c := coders[1+int(level)%(len(coders)-1)]
		out, err := c.Decode(nil, payload, n)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if len(out) != n {
			t.Fatalf("%d bytes, want %d", len(out), n)
		}
		if prose := c.model.level == c.levelOf(true); c.number >= firstProseLevel && prose != isProse(out) {
			return // Encode would have chosen the other
		}
		if again, _ := c.Encode(nil, out); !bytes.Equal(again, payload) {
			t.Fatalf("%x decodes to %d bytes whose payload is %x", payload, n, again)
		}
	})
}
