package dict

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// samples gives lines of two kinds, the second of which comes up once in a hundred.
func samples(seed uint64, lines int) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	var b bytes.Buffer
	for range lines {
		if r.IntN(100) == 0 {
			fmt.Fprintf(&b, "panic: runtime error: index out of range [%d]\n", r.IntN(8))
		} else {
			fmt.Fprintf(&b, "GET /index.html %d\n", r.IntN(8))
		}
	}
	return b.Bytes()
}

func TestBuild(t *testing.T) {
	a, b := samples(1, 20000), samples(2, 20000)
	for _, size := range []int{1, 4096, 20000, 1 << 20} {
		d := Build([][]byte{a, b}, size)
		if len(d) > size {
			t.Errorf("%d bytes, want at most %d", len(d), size)
		}
		if again := Build([][]byte{a, b}, size); !bytes.Equal(again, d) {
			t.Errorf("size %d: another dictionary the second time", size)
		}
		for line := range strings.Lines(string(d)) {
			if !bytes.Contains(a, []byte(line)) && !bytes.Contains(b, []byte(line)) {
				t.Fatalf("size %d: line %q is not in the samples", size, line)
			}
		}
		if size >= 20000 && !(bytes.Contains(d, []byte("GET")) && bytes.Contains(d, []byte("panic"))) {
			t.Errorf("size %d: not both kinds of lines", size)
		}
	}
}

// What is in the dictionary already does not come again, and what brings most comes last.
func TestBuildPicksWhatIsNew(t *testing.T) {
	noise := make([]byte, 4<<10) // all shingles differ
	r := rand.New(rand.NewPCG(1, 1))
	for i := range noise {
		noise[i] = 'a' + byte(r.IntN(26))
	}
	dull := bytes.Repeat([]byte("the same line over and over again\n"), 120)
	d := Build([][]byte{dull, noise, dull, noise, dull}, 1<<20)
	if want := append(bytes.Clone(dull), noise...); !bytes.Equal(d, want) {
		t.Errorf("%d bytes, want %d: each kind once, the noise last", len(d), len(want))
	}
	if d := Build([][]byte{[]byte("short\n"), nil}, 1<<20); len(d) > 0 {
		t.Errorf("%q has no shingles", d)
	}
}
