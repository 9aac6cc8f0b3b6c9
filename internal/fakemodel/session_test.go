package fakemodel

import (
	"context"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/lm"
)

func rows(t *testing.T, lanes int, decodes ...[]lm.Feed) (last []float32) {
	t.Helper()
	s, err := New(Options{}).NewSession(lanes, 16)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, feeds := range decodes {
		if err := s.Decode(context.Background(), feeds); err != nil {
			t.Fatal(err)
		}
		last = slices.Clone(s.Logits(len(feeds) - 1).Float)
	}
	return last
}

// TestContract: logits depend on the tokens of the lane and on nothing else.
func TestContract(t *testing.T) {
	want := rows(t, 1, []lm.Feed{{Tokens: []int32{0, 5, 6, 7}}})
	for name, got := range map[string][]float32{
		"one at a time": rows(t, 1, []lm.Feed{{Tokens: []int32{0}}}, []lm.Feed{{Pos: 1, Tokens: []int32{5, 6}}}, []lm.Feed{{Pos: 3, Tokens: []int32{7}}}),
		"rolled back":   rows(t, 1, []lm.Feed{{Tokens: []int32{0, 5, 9, 9, 9}}}, []lm.Feed{{Pos: 2, Tokens: []int32{6, 7}}}),
		"another lane":  rows(t, 3, []lm.Feed{{Lane: 1, Tokens: []int32{8}}, {Lane: 2, Tokens: []int32{0, 5, 6, 7}}}),
	} {
		if !slices.Equal(got, want) {
			t.Errorf("%s: other logits", name)
		}
	}
	for name, tokens := range map[string][]int32{
		"last token":  {0, 5, 6, 8},
		"first token": {1, 5, 6, 7},
		"position":    {0, 0, 5, 6, 7},
	} {
		if slices.Equal(rows(t, 1, []lm.Feed{{Tokens: tokens}}), want) {
			t.Errorf("%s does not matter", name)
		}
	}
}

func TestMisuse(t *testing.T) {
	for name, feeds := range map[string][]lm.Feed{
		"lane":     {{Lane: 2, Tokens: []int32{0}}},
		"twice":    {{Tokens: []int32{0}}, {Tokens: []int32{0}}},
		"gap":      {{Pos: 1, Tokens: []int32{0}}},
		"negative": {{Pos: -1, Tokens: []int32{0}}},
		"nothing":  {{}},
		"overflow": {{Tokens: make([]int32, 17)}},
		"token":    {{Tokens: []int32{1000}}},
	} {
		m := New(Options{})
		s, err := m.NewSession(2, 16)
		if err != nil {
			t.Fatal(err)
		}
		if s.Decode(t.Context(), feeds) == nil {
			t.Errorf("%s: no error", name)
		}
		if s.Decode(t.Context(), []lm.Feed{{Tokens: []int32{0}}}) == nil {
			t.Errorf("%s: a failed session goes on", name)
		}
		if err := s.Close(); err != nil || s.Close() == nil || m.OpenSessions() != 0 {
			t.Errorf("%s: closed: %v, %d open", name, err, m.OpenSessions())
		}
	}
}
