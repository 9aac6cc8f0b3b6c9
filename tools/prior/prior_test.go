package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
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

// Samples are the same on every machine, however many are drawn at once: what is stored can be made
// again.
func TestDraw(t *testing.T) {
	store := models.NewStore(models.Options{Embedded: embedded.Models()})
	t.Cleanup(func() { store.Close() })
	m, err := store.Open(t.Context(), writer, exact.Class)
	if err != nil {
		t.Fatal(err)
	}
	texts := func(at ...int) (texts [][]byte) {
		var batch []*sample
		for _, i := range at {
			batch = append(batch, allSeries[0].sample(i))
		}
		if err := draw(t.Context(), m, batch); err != nil {
			t.Fatal(err)
		}
		for _, b := range batch {
			texts = append(texts, b.text)
		}
		return texts
	}
	together := texts(0, 1, 2)
	for i, want := range []string{"a99cbed179bc100f", "27a41536abdad056", "70520d6bf3179a2f"} {
		if got := fmt.Sprintf("%.8x", sha256.Sum256(together[i])); got != want {
			t.Errorf("sample %d has the hash %s, want %s: run scripts/prior\n%s", i, got, want, together[i])
		}
	}
	if alone := texts(2); !bytes.Equal(alone[0], together[2]) {
		t.Errorf("alone it is\n%s\nwith others\n%s", alone[0], together[2])
	}
}

// The likelier of two tokens is drawn as often as its logit says, at each temperature, and a token
// that is not among the likely ones never.
func TestChooseToken(t *testing.T) {
	logits := make([]int32, 100)
	for i := range logits {
		logits[i] = -30 << lm.LogitFraction
	}
	logits[60], logits[70] = 1<<lm.LogitFraction, 0
	for _, c := range []struct{ temperature, least, most int }{{100, 6600, 6730}, {50, 7940, 8060}, {200, 5800, 5920}} {
		s := &sample{random: rand.New(rand.NewPCG(1, 2)), temperature: int64(c.temperature)}
		drawn := map[int32]int{}
		for range 10000 {
			drawn[s.choose(logits)]++
		}
		if n := drawn[60]; n < c.least || n > c.most {
			t.Errorf("%d %%: %d of 10000, want %d to %d", c.temperature, n, c.least, c.most)
		}
		for token := range drawn {
			if token >= likely && token != 60 && token != 70 {
				t.Errorf("token %d of equal ones was drawn", token)
			}
		}
	}
}
