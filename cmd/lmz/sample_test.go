package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// A sample has about the size that is asked for, whole lines of all of the file, and knows where
// they lie.
func TestSample(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var lines bytes.Buffer
	for i := range 40_000 {
		fmt.Fprintf(&lines, "%d %0*d\n", i, rng.IntN(90), 0)
	}
	for name, text := range map[string][]byte{
		"lines": lines.Bytes(), "one line": bytes.Repeat([]byte("x"), 1_500_000), "short": []byte("ab\nc\nd"), "ends": []byte("\n\n\n\n\n\n\n\n\n\n\n\n"),
	} {
		for _, want := range []int64{1, 5, 1000, 100_000, 1_400_000} {
			size := int64(len(text))
			if want >= size {
				continue
			}
			s, err := newSample(bytes.NewReader(text), size, want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(s.reader())
			if err != nil {
				t.Fatal(err)
			}
			if name == "lines" && want >= 1000 && (int64(len(got)) < want*3/4 || int64(len(got)) > want*5/4+2000) {
				t.Errorf("%s: %d bytes, want about %d", name, len(got), want)
			}
			at, all := int64(0), got
			for len(got) > 0 {
				gap, n := s.next(min(len(got), 1+rng.IntN(5000)))
				if gap < 0 || n < 1 {
					t.Fatalf("%s: a gap of %d in front of %d bytes", name, gap, n)
				}
				at += gap
				if gap > 0 && name == "lines" && text[at-1] != '\n' {
					t.Errorf("%s: a part begins at byte %d, within a line", name, at)
				}
				if !bytes.Equal(text[at:at+int64(n)], got[:n]) {
					t.Fatalf("%s: what lies at byte %d is something else", name, at)
				}
				at += int64(n)
				got = got[n:]
			}
			if name == "lines" && want >= 100_000 && at != size {
				t.Errorf("%s: the last of %d bytes is at %d of %d", name, len(all), at, size)
			}
		}
	}
}
