package coder

import (
	"errors"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/lm"
)

func probeOf(t *testing.T, m lm.Model) [8]byte {
	t.Helper()
	p, err := Probe(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sequencesOf(t *testing.T, m lm.Model, window int) [][]int32 {
	t.Helper()
	v, err := NewVocabulary(m)
	if err != nil {
		t.Fatal(err)
	}
	return v.probeSequences(m.BOS(), window)
}

func TestProbe(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	same := probeOf(t, m)
	if n := m.OpenSessions(); n != 0 {
		t.Errorf("%d sessions are open", n)
	}
	for name, o := range map[string]fakemodel.Options{"none": {}, "the tokenizer": {Tokenizer: fakemodel.Lossy}, "the class": {Class: "x"}} {
		if p := probeOf(t, fakemodel.New(o)); p != same {
			t.Errorf("with %s changed: %x and %x of the same logits", name, p, same)
		}
	}
	if p := probeOf(t, fakemodel.New(fakemodel.Options{Drift: 1})); p == same {
		t.Errorf("%x of models of different logits", p)
	}
	failing := fakemodel.New(fakemodel.Options{FailAt: 3})
	if _, err := Probe(t.Context(), failing); !errors.Is(err, fakemodel.ErrFail) || failing.OpenSessions() != 0 {
		t.Error(err, failing.OpenSessions())
	}
}

// TestProbeSeesAllRows: one logit that differs a little, after any token of any of the sequences,
// makes another probe.
func TestProbeSeesAllRows(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	same := probeOf(t, m)
	sequences := sequencesOf(t, m, m.ContextLength())
	if n := len(sequences); n < 8 || n > 16 {
		t.Errorf("%d sequences", n)
	}
	long := 0
	for i, tokens := range sequences {
		if len(tokens) > 64 {
			long++
		}
		for _, n := range []int{2, len(tokens) / 2, len(tokens)} {
			held := tokens[:n]
			differs := fakemodel.New(fakemodel.Options{Row: func(tokens []int32, row []float32) {
				if slices.Equal(tokens, held) {
					row[5] += 0.001
				}
			}})
			if probeOf(t, differs) == same {
				t.Errorf("a logit after %d tokens of sequence %d is not seen", n, i)
			}
		}
	}
	if long < 2 {
		t.Errorf("%d sequences have more than 64 tokens", long)
	}
}

// shortModel has a small context.
type shortModel struct {
	lm.Model
	context int
}

func (m shortModel) ContextLength() int { return m.context }

// TestProbeOfOddModels: no sequence is longer than the context, and texts are taken without what
// the vocabulary cannot spell.
func TestProbeOfOddModels(t *testing.T) {
	for _, context := range []int{0, 1, 7, 70} {
		m := shortModel{fakemodel.New(fakemodel.Options{}), context}
		probeOf(t, m) // the session refuses more than its window
		for i, tokens := range sequencesOf(t, m, max(1, context)) {
			if len(tokens) == 0 || len(tokens) > max(1, context) {
				t.Errorf("context of %d tokens: sequence %d has %d", context, i, len(tokens))
			}
		}
	}
	vowels := fakemodel.New(fakemodel.Options{Pieces: [][]byte{nil, []byte("e"), []byte("a"), []byte("ea")}})
	probeOf(t, vowels)
	for i, tokens := range sequencesOf(t, vowels, 100) {
		if len(tokens) < 8 {
			t.Errorf("sequence %d is %v", i, tokens)
		}
	}
	if got := sequencesOf(t, vowels, 3)[0]; !slices.Equal(got, []int32{0, 2, 2}) { // of "Mar … harbour-3"
		t.Errorf("first sequence is %v", got)
	}
}
