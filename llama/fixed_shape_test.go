//go:build llama && cgo

package llama

import (
	"math/rand/v2"
	"testing"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
	"github.com/lmz-go/lmz/lm"
)

// TestFixedShapes keeps the books of a GPU's sessions on the CPU, whose rows are exact anyway.
func TestFixedShapes(t *testing.T) {
	m := openSpec(t, gguftest.Spec{Arch: "llama", Type: gguf.Q8_0})
	texts := make([][]int32, 3)
	rows := make([][]uint64, len(texts))
	for i := range texts {
		texts[i] = tokensOf(m, i, 280)
		rows[i] = prefillRows(t, m, i, 280)
	}
	m.fixed = 3
	wantScheduled(t, m, texts, rows, 60)
}

// wantScheduled feeds more lanes than one session of the model has as a compressor might, and
// compares all rows with those of the texts.
func wantScheduled(t *testing.T, m *Model, texts [][]int32, rows [][]uint64, steps int) {
	t.Helper()
	lanes, window := m.fixed+2, len(texts[0])
	s, err := m.NewSession(lanes, window)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	random := rand.New(rand.NewPCG(1, 2))
	text, held := make([]int, lanes), make([]int, lanes)
	for step := range steps {
		var feeds []lm.Feed
		for _, lane := range random.Perm(lanes)[:1+random.IntN(lanes)] {
			pos := held[lane]
			switch random.IntN(8) {
			case 0:
				pos, text[lane] = 0, random.IntN(len(texts))
			case 1:
				pos = random.IntN(pos + 1)
			}
			if pos == window {
				pos = 0
			}
			size := min(1+random.IntN(8)/7*random.IntN(8), window-pos)
			if step == 0 { // some lanes are full, others are not
				size = window / (1 + lane%2)
			}
			held[lane] = pos + size
			feeds = append(feeds, lm.Feed{Lane: lane, Pos: pos, Tokens: texts[text[lane]][pos : pos+size]})
		}
		if err := s.Decode(t.Context(), feeds); err != nil {
			t.Fatal(err)
		}
		for i, f := range feeds {
			if at := held[f.Lane] - 1; hashRow(s.Logits(i).Float) != rows[text[f.Lane]][at] {
				t.Fatalf("step %d: lane %d of %d: logits after %d tokens at %d differ", step, f.Lane, len(feeds), len(f.Tokens), f.Pos)
			}
		}
	}
}

// TestFixedShapeOfBatches looks at what Decode feeds: one token of each lane behind what it holds,
// or the last one again; all rows; and the last lane full.
func TestFixedShapeOfBatches(t *testing.T) {
	m := openSpec(t, gguftest.Spec{Arch: "llama", Type: gguf.Q8_0})
	const window = 40
	s, err := m.newFixed(fixedParams(4, window))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tokens := tokensOf(m, 0, window)
	mustDecode(t, s, []lm.Feed{{Lane: 0, Tokens: tokens}, {Lane: 1, Tokens: tokens[:10]}, {Lane: 2, Tokens: tokens[:1]}})
	for _, c := range []struct {
		name   string
		feeds  []lm.Feed
		left   int
		tokens []int32
		pos    []int32
	}{
		{"nothing", nil, 0, []int32{tokens[39], tokens[9], tokens[0], 0, m.bos}, []int32{39, 9, 0, 0, 39}},
		{"the next token", []lm.Feed{{Lane: 2, Pos: 1, Tokens: tokens[1:2]}, {Lane: 3, Tokens: tokens[5:6]}}, 0,
			[]int32{tokens[39], tokens[9], tokens[1], tokens[5], m.bos}, []int32{39, 9, 1, 0, 39}},
		{"before a lane's turn", []lm.Feed{{Lane: 1, Pos: 10, Tokens: tokens[10:12]}, {Lane: 0, Pos: 3, Tokens: tokens[3:4]}}, 1,
			[]int32{tokens[39], tokens[10], tokens[0], 0, m.bos}, []int32{3, 10, 0, 0, 39}},
		{"at its turn", []lm.Feed{{Lane: 1, Pos: 10, Tokens: tokens[10:12]}, {Lane: 0, Pos: 3, Tokens: tokens[3:4]}}, 0,
			[]int32{tokens[3], tokens[11], tokens[0], 0, m.bos}, []int32{3, 11, 0, 0, 39}},
	} {
		if n := s.fillFixed(c.feeds, c.left); n != 5 {
			t.Errorf("%s: %d tokens", c.name, n)
		}
		for lane := range 5 {
			if s.token[lane] != c.tokens[lane] || s.pos[lane] != c.pos[lane] || s.lane[lane] != int32(lane) || s.want[lane] != 1 {
				t.Errorf("%s: lane %d is fed %d at %d (wanted: %d), want %d at %d", c.name, s.lane[lane], s.token[lane], s.pos[lane],
					s.want[lane], c.tokens[lane], c.pos[lane])
			}
			if s.forget[lane] != int32(lane) || s.forgetFrom[lane] != c.pos[lane] {
				t.Errorf("%s: lane %d forgets from %d on", c.name, s.forget[lane], s.forgetFrom[lane])
			}
		}
	}
}
