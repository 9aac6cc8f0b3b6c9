package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestOpenings(t *testing.T) {
	all := func() (texts []string) {
		o := openings{rand.New(rand.NewPCG(3, 7))}
		for range 2000 {
			texts = append(texts, o.next())
		}
		return texts
	}
	texts := all()
	if !slices.Equal(texts, all()) {
		t.Error("the same seed gives other openings")
	}
	slices.Sort(texts)
	if n := len(slices.Compact(texts)); n < 1000 {
		t.Errorf("only %d of 2000 openings are different", n)
	}
}

// A copy is found from 60 bytes on, wherever it is.
func TestCopied(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pool := make([]byte, 500)
	for i := range pool {
		pool[i] = byte(r.Uint32())
	}
	piece := func(n int) []byte { return slices.Concat([]byte("before"), pool[100:100+n], []byte("behind")) }
	c := newCopied([][]byte{piece(longestCopy), piece(longestCopy + 1), []byte("short"), pool[:longestCopy+1], pool[500-longestCopy-1:]})
	c.scan(pool)
	for i, want := range []bool{false, true, false, true, true} {
		if c.found[i] != want {
			t.Errorf("piece %d: %v", i, c.found[i])
		}
	}
}

// What several sources share comes first, and once; digits are all the same.
func TestChoose(t *testing.T) {
	shared, alone := []byte("connection refused from port 1234\n"), []byte("zyxwvutsrqponmlkjihgfedcbazyxwvuts\n")
	sources := map[string][][]byte{"a": {shared, alone}, "b": {bytes.ReplaceAll(shared, []byte("1234"), []byte("9876"))}}
	again := []byte("connection refused from port 5555\n")
	got := choose([][]byte{alone, shared, again}, sources, 1000)
	if want := "connection refused from port 1234\n"; fmt.Sprintf("%s", got) != "["+want+"]" {
		t.Errorf("%q", got)
	}
}

func TestCut(t *testing.T) {
	text := []byte("short line\nsecond line that makes the piece longer than sixty bytes, so\nthird line of more than twenty bytes")
	if got := cut(text); len(got) != 2 || bytes.Count(got[0], []byte("\n")) != 2 || !bytes.HasSuffix(got[1], []byte("bytes\n")) {
		t.Errorf("%q", got)
	}
}
