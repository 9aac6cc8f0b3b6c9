package cover

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
)

// passages are texts of lines that have nothing in common.
func passages(r *rand.Rand, n, size int) (list [][]byte) {
	for range n {
		var b bytes.Buffer
		for b.Len() < size {
			fmt.Fprintf(&b, "%016x %016x\n", r.Uint64(), r.Uint64())
		}
		list = append(list, b.Bytes())
	}
	return list
}

// What is in several places is picked, most of it once, and little else.
func TestPick(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	common, rare := passages(r, 4, 8<<10), passages(r, 40, 8<<10)
	var text []byte
	for i, p := range rare {
		text = append(append(text, p...), common[i%len(common)]...)
	}
	got := Pick(t.Context(), text, minPlace, nil, 1<<20, 4)
	for i, p := range common {
		n := 0
		for line := range strings.Lines(string(p)) {
			if bytes.Contains(got, []byte(line)) {
				n += len(line)
			}
		}
		if n < len(p)*3/4 {
			t.Errorf("%d of %d bytes of passage %d were picked", n, len(p), i)
		}
	}
	if n := len(got); n > 3*4*8<<10/2 {
		t.Errorf("%d bytes were picked, the passages have %d", n, 4*8<<10)
	}
	if known := Pick(t.Context(), text, minPlace, bytes.Join(common, nil), 1<<20, 4); len(known) > 0 {
		t.Errorf("%d bytes of what is known", len(known))
	}
	if again := Pick(t.Context(), text, minPlace, nil, 1<<20, 4); !bytes.Equal(again, got) {
		t.Error("another choice the second time")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if got := Pick(ended, text, minPlace, nil, 1<<20, 4); got != nil {
		t.Errorf("%d bytes, though the context has ended", len(got))
	}
}

// Places that have nothing in common, noise, and what is too short for shingles, give next to nothing.
func TestPickOfNothing(t *testing.T) {
	noise := bytes.Join(passages(rand.New(rand.NewPCG(3, 4)), 1, 1<<20), nil)
	r := rand.New(rand.NewPCG(7, 8))
	picture := make([]byte, 20<<10) // which comes again
	for i := range picture {
		picture[i] = byte(r.Uint32())
	}
	pictures := bytes.Join([][]byte{picture, noise[:100<<10], picture, noise[100<<10 : 200<<10], picture}, nil)
	for _, text := range [][]byte{nil, []byte("a"), noise[:shingleSize-1], noise, make([]byte, 1<<20), pictures} {
		if got := Pick(t.Context(), text, 64<<10, nil, 1<<20, 4); len(got) > len(text)/50 {
			t.Errorf("%d bytes of %d", len(got), len(text))
		}
	}
}

// Of any text, however it is cut, the choice is segments of it, no more than were asked for.
func FuzzPick(f *testing.F) {
	f.Add(uint64(1), 3, 9000, 1<<14)
	f.Fuzz(func(t *testing.T, seed uint64, kinds, length, size int) {
		kinds, length, size = 1+abs(kinds)%9, abs(length)%(1<<18), abs(size)%(1<<16)
		r := rand.New(rand.NewPCG(seed, 0))
		list := passages(r, kinds, 100)
		var text []byte
		for len(text) < length {
			text = append(text, list[r.IntN(kinds)][:r.IntN(100)]...)
		}
		got := Pick(t.Context(), text, 1+r.IntN(1<<17), text[:r.IntN(len(text)+1)], size, 1+r.IntN(20))
		if len(got) > size {
			t.Fatalf("%d bytes, %d were asked for", len(got), size)
		}
		for rest, from := got, text; len(rest) > 0; {
			n := len(Segments(rest)[0])
			for n > 0 && !bytes.Contains(from, rest[:n]) {
				n--
			}
			if n < min(len(rest), shingleSize) {
				t.Fatalf("%q is not in the text, in its order", rest[:min(len(rest), 40)])
			}
			from = from[bytes.Index(from, rest[:n])+n:]
			rest = rest[n:]
		}
	})
}

func abs(n int) int { return max(n, -(n + 1)) }

func BenchmarkPick(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	common := passages(r, 400, 4<<10)
	var text []byte
	for len(text) < 8<<20 {
		text = append(text, common[r.IntN(len(common))]...)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Pick(b.Context(), text, 64<<10, text[:256<<10], 1<<20, 4)
	}
}

// What is picked bears on the bytes of archives. A change of any line has its line in CHANGELOG.md.
func TestPins(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	common := passages(r, 60, 2<<10)
	var text []byte
	for len(text) < 3<<20 {
		text = append(text, golden.Text("log", r.Uint64N(50), 3<<10)...)
		text = append(text, common[r.IntN(len(common))][:1+r.IntN(2<<10)]...)
	}
	var out bytes.Buffer
	for _, c := range []struct{ place, size, least int }{{1, 1 << 20, 4}, {64 << 10, 1 << 20, 4}, {64 << 10, 50_000, 4}, {1 << 20, 1 << 20, 5}, {1 << 20, 1 << 20, 10}} {
		got := Pick(t.Context(), text, c.place, text[:256<<10], c.size, c.least)
		fmt.Fprintf(&out, "places of %d, %d at most, 1/%d: %d bytes, %.8x\n", c.place, c.size, c.least, len(got), sha256.Sum256(got))
	}
	c := newCounter(1 << 30)
	var hashes []byte
	for _, h := range c.shingles(text[:100_000]) {
		hashes = binary.LittleEndian.AppendUint32(hashes, h)
	}
	fmt.Fprintf(&out, "hashes of shingles %.8x, %d buckets at most\n", sha256.Sum256(hashes), len(c.buckets))
	for _, values := range []int{128, 129} {
		s := make([]byte, 10*values)
		for i := range s {
			s[i] = byte(i % values)
		}
		fmt.Fprintf(&out, "%d values of bytes: noise %v\n", values, random(s))
	}
	golden.Stored(t, filepath.Join("testdata", "pins.txt"), out.Bytes())
}

// What has no line end is cut where a segment is full.
func TestSegments(t *testing.T) {
	text := append(golden.Text("log", 3, 40_000), bytes.Repeat([]byte("x"), 3*segmentSize)...)
	var all []byte
	for _, s := range Segments(text) {
		if len(s) == 0 || len(s) > segmentSize {
			t.Fatalf("segment of %d bytes", len(s))
		}
		all = append(all, s...)
		if len(all) < len(text)-3*segmentSize && s[len(s)-1] != '\n' {
			t.Errorf("segment ends inside a line at %d", len(all))
		}
	}
	if !bytes.Equal(all, text) {
		t.Error("segments are not the text")
	}
}
