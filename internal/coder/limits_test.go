package coder

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// onLane runs a job on a lane of m.
func onLane(t *testing.T, m lm.Model, job func(*Lane) error) {
	t.Helper()
	w, err := NewWorker(m, 1, overlap.Window)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	given := false
	if err := w.Run(t.Context(), func(bool) (func(*Lane) error, bool) {
		first := !given
		given = true
		return job, first
	}); err != nil {
		t.Fatal(err)
	}
}

var overlap = kvcache.Policy{Reset: kvcache.Overlap, Window: 64, Overlap: 16}

// TestGoldenGate: the gate opens where it did, which the costs of the segments decide.
func TestGoldenGate(t *testing.T) {
	var out bytes.Buffer
	m := fakemodel.New(fakemodel.Options{})
	onLane(t, m, func(lane *Lane) error {
		r := rand.New(rand.NewPCG(1, 9))
		for script, odds := range [][3]int{{30, 5, 3}, {400, 2, 1}, {0, 0, 1}, {7, 9, 2}} {
			a, err := newAdvisor(lane, overlap, price{1000, 1000})
			if err != nil {
				return err
			}
			a.start([]byte("what came before\n"))
			was := false
			var opened, closed []string
			for segment := range 6000 {
				if a.open != was {
					if was = a.open; was {
						opened = append(opened, fmt.Sprint(segment))
					} else {
						closed = append(closed, fmt.Sprint(segment))
					}
				}
				// Costs of a byte, in bits/4096, that change from stretch to stretch.
				cost, saved := 3000+20*r.IntN(100), 400+10*r.IntN(100)
				if odds[0] > 0 && segment/odds[0]%7 == 3 {
					cost, saved = 9000+100*r.IntN(100), 1200+10*r.IntN(300)
				}
				if odds[1] > 0 && segment%(11*odds[1]) == 5 {
					cost, saved = 6500+100*r.IntN(40), 200
				}
				for i := range 256 {
					a.Byte("abcdefgh \n"[(i*segment+i/3)%10], int32(cost/odds[2]), int32(saved/odds[2]))
				}
				if segment > 500 && odds[0] > 0 {
					break
				}
			}
			fmt.Fprintf(&out, "script %d\nopens: %s\ncloses: %s\nsaved: %d\n", script, strings.Join(opened, " "), strings.Join(closed, " "), a.total)
		}
		a, err := newAdvisor(lane, overlap, price{1000, 1000})
		if err != nil {
			return err
		}
		a.start(nil)
		fmt.Fprint(&out, "gains:")
		for segment := range 900 {
			saved := []int{0, 0, 100, 700, 900}[r.IntN(5)] + r.IntN(50)
			for i := range 256 {
				a.Byte("abcdefgh \n"[(i*segment+i/3)%10], 50_000, int32(saved))
			}
			fmt.Fprintf(&out, " %d", a.gain)
		}
		fmt.Fprintln(&out)
		return nil
	})
	golden.Stored(t, filepath.Join("testdata", "gate.golden"), out.Bytes())
}

// TestLimits: numbers that chunks are coded by, at the places where they begin to matter.
func TestLimits(t *testing.T) {
	var out bytes.Buffer
	long := make([]byte, 1<<18)
	for i := range long {
		long[i] = byte('a' + i*i/7%26)
	}
	fmt.Fprintf(&out, "end of a primer that is kept: %d bytes\n", len(tail(long)))
	m := fakemodel.New(fakemodel.Options{})
	onLane(t, m, func(lane *Lane) error {
		for level := 0; level <= 9; level++ {
			// The least that a segment must save for the model to be asked in the next one.
			steps, low, high := 0, int32(0), int32(1<<30)
			for low < high {
				a, err := newAdvisor(lane, overlap, priceOf(level))
				if err != nil {
					return err
				}
				a.start(nil)
				middle := low + (high-low)/2
				for i := range gateSegment {
					saved := int32(0)
					if i == 0 {
						saved = middle
					}
					a.Byte("the user said: "[i%15], 4096, saved)
				}
				steps = a.bytewise.Steps()
				if a.open {
					high = middle
				} else {
					low = middle + 1
				}
			}
			fmt.Fprintf(&out, "level %d: %d steps must save %d/4096 bits\n", level, steps, low)
		}
		a, err := newAdvisor(lane, overlap, price{1, 1})
		if err != nil {
			return err
		}
		a.start(long[:1000])
		most := 0
		for _, c := range long[:100_000] {
			a.Byte(c, 1, -1)
			most = max(most, len(a.text))
		}
		fmt.Fprintf(&out, "text of windows: at most %d bytes, %d in the end\n", most, len(a.text))
		fmt.Fprintf(&out, "last tokens: %d of %d\n", len(a.vocab.lastTokens(long[:10_000], 50)), 50)
		probe, err := Probe(t.Context(), m)
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "probe: %x\n", probe)
		return nil
	})
	for _, c := range [][2]uint64{{1, 2}, {1, 3}, {1, 1 << 50}, {7, 1000}, {12345, 1<<50 - 7}, {1, 1<<64 - 1}} {
		fmt.Fprintf(&out, "%d of %d: %d/65536 bits\n", c[0], c[1], cost(c[0], c[1]))
	}
	lossy := fakemodel.New(fakemodel.Options{Tokenizer: fakemodel.Lossy})
	for _, line := range []string{"no line end at all ", "a line that is short\n", "a line that ends\r\n", "ÅÅ日\n\v", "\xff\xfe",
		strings.Repeat("error user the ", 99) + "\r\n", strings.Repeat("error from the user\n", 61) + "\r\n"} {
		v, err := NewVocabulary(lossy)
		if err != nil {
			t.Fatal(err)
		}
		h := fnv.New64a()
		for rest := bytes.Repeat([]byte(line), 40_000/len(line)); len(rest) > 0; {
			var tokens []int32
			if tokens, rest, err = v.AppendTokens(nil, rest); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(h, tokens)
			fmt.Fprintf(&out, "%d tokens, %d bytes left; ", len(tokens), len(rest))
		}
		fmt.Fprintf(&out, "%x: %q\n", h.Sum64(), line[:min(len(line), 20)])
	}
	fmt.Fprintf(&out, "at most %d tokens, totals of at most %d, zstd's matches at most %d bytes back\n", maxVocabulary, uint64(maxRangeTotal), zstdWindow)
	fmt.Fprintf(&out, "runs below %d bytes are not halved, a reading %d times as likely as all others is committed\n", minRun, dominate)
	words := fakemodel.New(fakemodel.Options{Pieces: [][]byte{nil, []byte("a"), []byte("aaaaaaaaaaaaaaaa"), []byte("b")}})
	onLane(t, words, func(lane *Lane) error {
		v, err := lane.Vocabulary()
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "last tokens of long ones: %v\n", v.lastTokens(bytes.Repeat([]byte("aaaaaaaaaaaaaaaa"), 100), 20))
		return nil
	})
	golden.Stored(t, filepath.Join("testdata", "limits.golden"), out.Bytes())
}

// TestGoldenBytewise: every reading that a text has as tokens counts as it did. All strings of up to
// four of three letters are tokens, so that there are always several.
func TestGoldenBytewise(t *testing.T) {
	list := [][]byte{nil}
	for n := 0; n < len(list) && len(list[n]) < 4; n++ {
		for _, c := range "abc" {
			list = append(list, append(bytes.Clone(list[n]), byte(c)))
		}
	}
	likes := func(held []int32, row []float32) { // one token follows another, often
		last := int(held[len(held)-1])
		row[1+last*7%(len(row)-1)] += 3
		row[1+(last*5+3)%(len(row)-1)] += 4
	}
	m := fakemodel.New(fakemodel.Options{Pieces: list, Row: likes})
	var out bytes.Buffer
	onLane(t, m, func(lane *Lane) error {
		x, err := NewBytewise(lane)
		if err == nil {
			err = x.Start(overlap, nil)
		}
		r := rand.New(rand.NewPCG(3, 3))
		var p [256]uint64
		h := fnv.New64a()
		for i := 0; i < 4000 && err == nil; i++ {
			x.Next(&p)
			fmt.Fprintln(h, p['a'], p['b'], p['c'], x.Steps())
			next, most := byte('a'), uint64(0)
			for c := byte('a'); c <= 'c'; c++ {
				if p[c] > most {
					next, most = c, p[c]
				}
			}
			if r.IntN(3) == 0 {
				next = byte('a' + r.IntN(3))
			}
			err = x.Update(next)
			if i%200 == 199 {
				fmt.Fprintf(&out, "%d bytes, %d steps: %x\n", i+1, x.Steps(), h.Sum64())
			}
		}
		return err
	})
	golden.Stored(t, filepath.Join("testdata", "bytewise.golden"), out.Bytes())
}
