package exact

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/lmz-go/lmz/lm"
)

// These tests are the contract of lm.Model: logits have the bits of the reference, which is one
// lane, one token at a time.

var rowSeed = maphash.MakeSeed()

func hashRow(row []int32) uint64 {
	b := make([]byte, 0, 4*len(row))
	for _, v := range row {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return maphash.Bytes(rowSeed, b)
}

// textOf are tokens, others for each text.
func textOf(m *Model, text, n int) []int32 {
	r := rand.New(rand.NewPCG(uint64(text), 77))
	list := make([]int32, n)
	for i := range list {
		list[i] = r.Int32N(int32(len(m.Pieces())))
	}
	return list
}

func mustSession(t testing.TB, m *Model, lanes, window int) *session {
	t.Helper()
	s, err := m.NewSession(lanes, window)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.(*session)
}

func mustDecode(t testing.TB, s *session, feeds ...lm.Feed) {
	t.Helper()
	if err := s.Decode(context.Background(), feeds); err != nil {
		t.Fatal(err)
	}
}

// rowHashes are the reference's rows of a text.
func rowHashes(t testing.TB, m *Model, text, n int) (rows []uint64) {
	t.Helper()
	s := mustSession(t, m, 1, n)
	for pos, token := range textOf(m, text, n) {
		mustDecode(t, s, lm.Feed{Pos: pos, Tokens: []int32{token}})
		rows = append(rows, hashRow(s.Logits(0).Fixed))
	}
	return rows
}

func wantRow(t testing.TB, s *session, i int, want uint64, format string, args ...any) {
	t.Helper()
	if hashRow(s.Logits(i).Fixed) != want {
		t.Fatalf("%s: logits differ", fmt.Sprintf(format, args...))
	}
}

func TestPieces(t *testing.T) {
	m := mustOpen(t, plain.File().Bytes())
	const n = 150
	tokens, want := textOf(m, 0, n), rowHashes(t, m, 0, n)
	for _, size := range []int{2, 7, 31, 32, 33, 64, n} {
		for _, window := range []int{n, 160} {
			s := mustSession(t, m, 2, window)
			for pos := 0; pos < n; pos += size {
				piece := tokens[pos:min(pos+size, n)]
				mustDecode(t, s, lm.Feed{Lane: 1, Pos: pos, Tokens: piece})
				wantRow(t, s, 0, want[pos+len(piece)-1], "pieces of %d at %d, window %d", size, pos, window)
			}
		}
	}
}

func TestLockstep(t *testing.T) {
	m := mustOpen(t, plain.File().Bytes())
	const n = 60
	for _, lanes := range []int{2, 3, 8, 33, 70} {
		s := mustSession(t, m, lanes, n)
		var tokens [3][]int32
		var want [3][]uint64
		for text := range tokens {
			tokens[text], want[text] = textOf(m, text, n), rowHashes(t, m, text, n)
		}
		for pos := range n {
			feeds := make([]lm.Feed, lanes)
			for lane := range feeds {
				feeds[lane] = lm.Feed{Lane: lane, Pos: pos, Tokens: tokens[lane%3][pos : pos+1]}
			}
			mustDecode(t, s, feeds...)
			for lane := range feeds {
				wantRow(t, s, lane, want[lane%3][pos], "lane %d of %d at %d", lane, lanes, pos)
			}
		}
	}
}

// schedule feeds lanes as a compressor might: any lanes in any order, pieces of any length,
// rewinds, fresh starts, the same again.
func schedule(t testing.TB, m *Model, seed uint64, steps int, want [][]uint64) {
	lanes, n := len(want), len(want[0])
	tokens := make([][]int32, lanes)
	for i := range tokens {
		tokens[i] = textOf(m, i, n)
	}
	r := rand.New(rand.NewPCG(seed, 2))
	s := mustSession(t, m, lanes, n)
	text, held := r.Perm(lanes), make([]int, lanes)
	for step := range steps {
		var feeds []lm.Feed
		for _, lane := range r.Perm(lanes)[:1+r.IntN(lanes)] {
			pos := held[lane]
			switch r.IntN(8) {
			case 0:
				pos, text[lane] = 0, r.IntN(lanes)
			case 1:
				pos = r.IntN(pos + 1)
			case 2:
				pos = max(0, pos-1)
			}
			if pos == n {
				pos = 0
			}
			size := 1 + min(r.IntN(3)*r.IntN(50), n-pos-1)
			feeds = append(feeds, lm.Feed{Lane: lane, Pos: pos, Tokens: tokens[text[lane]][pos : pos+size]})
			held[lane] = pos + size
		}
		mustDecode(t, s, feeds...)
		for i, f := range feeds {
			wantRow(t, s, i, want[text[f.Lane]][held[f.Lane]-1], "step %d: lane %d of %d after %d tokens at %d", step, f.Lane,
				len(feeds), len(f.Tokens), f.Pos)
		}
	}
}

func TestSchedule(t *testing.T) {
	m := mustOpen(t, plain.File().Bytes())
	var want [][]uint64
	for text := range 5 {
		want = append(want, rowHashes(t, m, text, 150))
	}
	schedule(t, m, 1, 80, want)
	// Sessions know nothing of each other.
	var group sync.WaitGroup
	for seed := range uint64(4) {
		group.Go(func() { schedule(t, m, seed+2, 20, want) })
	}
	group.Wait()
}

// What a lane held before it was started afresh, and what was loaded or packed by which kernel,
// bears on nothing.
func TestAfresh(t *testing.T) {
	m := mustOpen(t, plain.File().Bytes())
	want := rowHashes(t, m, 1, 40)
	for _, before := range []int{1, 3, 4, 5, 15, 16, 17, 100} {
		s := mustSession(t, m, 1, 100)
		mustDecode(t, s, lm.Feed{Tokens: textOf(m, 2, before)})
		for pos, token := range textOf(m, 1, 40) {
			mustDecode(t, s, lm.Feed{Pos: pos, Tokens: []int32{token}})
			wantRow(t, s, 0, want[pos], "at %d, after %d tokens of before", pos, before)
		}
	}
}

func TestLogits(t *testing.T) {
	m := mustOpen(t, plain.File().Bytes())
	s := mustSession(t, m, 1, 8)
	mustDecode(t, s, lm.Feed{Tokens: []int32{m.BOS()}})
	nats := s.Logits(0).Nats()
	for i, v := range s.Logits(0).Fixed {
		if want := float64(v) / (1 << lm.LogitFraction) * math.Ln2; math.Abs(float64(nats[i])-want) > 1e-5 {
			t.Fatalf("logit %d is %v, want %v", i, nats[i], want)
		}
	}
	if len(nats) != len(m.Pieces()) {
		t.Errorf("%d logits of %d tokens", len(nats), len(m.Pieces()))
	}
}

// Wrong feeds are refused with a message each, and change nothing.
func TestFeeds(t *testing.T) {
	m := mustOpen(t, plain.File().Bytes())
	tokens, want := textOf(m, 0, 10), rowHashes(t, m, 0, 10)
	s := mustSession(t, m, 2, 10)
	mustDecode(t, s, lm.Feed{Tokens: tokens[:5]}, lm.Feed{Lane: 1, Tokens: tokens[:3]})
	one := tokens[:1]
	for want, feeds := range map[string][]lm.Feed{
		"exact: 3 feeds for 2 lanes":                                           {{Tokens: one}, {Lane: 1, Tokens: one}, {Tokens: one}},
		"exact: feed of lane 2 of 2":                                           {{Lane: 2, Tokens: one}},
		"exact: feed of lane -1 of 2":                                          {{Lane: -1, Tokens: one}},
		"exact: lane 1 is fed twice":                                           {{Lane: 1, Tokens: one}, {Lane: 1, Pos: 1, Tokens: one}},
		"exact: 0 tokens at position 5 of a window of 10 that holds 5":         {{Pos: 5}},
		"exact: 1 tokens at position 6 of a window of 10 that holds 5":         {{Pos: 6, Tokens: one}},
		"exact: 1 tokens at position -1 of a window of 10 that holds 5":        {{Pos: -1, Tokens: one}},
		"exact: 6 tokens at position 5 of a window of 10 that holds 5":         {{Lane: 1, Tokens: one}, {Pos: 5, Tokens: tokens[:6]}},
		fmt.Sprintf("exact: token %d of %d", len(m.Pieces()), len(m.Pieces())): {{Pos: 5, Tokens: []int32{1, int32(len(m.Pieces()))}}},
		fmt.Sprintf("exact: token -1 of %d", len(m.Pieces())):                  {{Pos: 5, Tokens: []int32{-1}}},
	} {
		if err := s.Decode(context.Background(), feeds); err == nil || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
	mustDecode(t, s, lm.Feed{Lane: 1, Pos: 3, Tokens: tokens[3:6]}, lm.Feed{Pos: 5, Tokens: tokens[5:]})
	wantRow(t, s, 0, want[5], "lane 1")
	wantRow(t, s, 1, want[9], "lane 0")
	mustDecode(t, s)
}

func TestSessionErrors(t *testing.T) {
	m := mustOpen(t, plain.File().Bytes())
	for want, args := range map[string][2]int{
		"exact: 0 lanes, want 1 to 1024":                   {0, 10},
		"exact: 1025 lanes, want 1 to 1024":                {1025, 10},
		"exact: a window of 0 tokens, want 1 to 160":       {1, 0},
		"exact: a window of 161 tokens, want 1 to 160":     {1, 161},
		"exact: a window of -1 tokens, want 1 to 160":      {1, -1},
		"exact: -1 lanes, want 1 to 1024":                  {-1, 10},
		"exact: a window of 1000000 tokens, want 1 to 160": {3, 1000000},
	} {
		if s, err := m.NewSession(args[0], args[1]); s != nil || err == nil || err.Error() != want {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
	s, err := m.NewSession(1, 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); !errors.Is(err, ErrClosed) {
		t.Errorf("error is %v, want %v", err, ErrClosed)
	}
	if err := s.Decode(context.Background(), []lm.Feed{{Tokens: []int32{1}}}); !errors.Is(err, ErrClosed) {
		t.Errorf("error is %v, want %v", err, ErrClosed)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// endsAfter is a context that has ended when it was asked n times.
type endsAfter struct {
	context.Context
	n *int
}

func (c endsAfter) Err() error {
	if *c.n--; *c.n < 0 {
		return context.Canceled
	}
	return nil
}

func after(n int) endsAfter { return endsAfter{context.Background(), &n} }

// When its context ends Decode ends, and lanes that are started afresh are as new.
func TestDecodeContext(t *testing.T) {
	m := mustOpen(t, plain.File().Bytes())
	want := rowHashes(t, m, 0, 100)
	s := mustSession(t, m, 2, 100)
	for rounds := range 4 {
		err := s.Decode(after(rounds), []lm.Feed{{Tokens: textOf(m, 1, 100)}, {Lane: 1, Tokens: textOf(m, 2, 100)}})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error is %v", err)
		}
		mustDecode(t, s, lm.Feed{Lane: 1, Tokens: textOf(m, 0, 100)}, lm.Feed{Tokens: textOf(m, 0, 50)})
		wantRow(t, s, 0, want[99], "lane 1")
		wantRow(t, s, 1, want[49], "lane 0")
	}
}

// When its context ends Open ends, wherever it is.
func TestOpenContext(t *testing.T) {
	data := plain.File().Bytes()
	ended := 0
	for n := range 1000 {
		m, err := OpenBytes(after(n), data)
		if err == nil {
			break
		}
		if ended++; m != nil || !errors.Is(err, context.Canceled) {
			t.Fatalf("error is %v", err)
		}
	}
	if ended < 1+plain.Layers {
		t.Errorf("the context was asked %d times", ended)
	}
}

func TestOpenFile(t *testing.T) {
	if _, err := Open(context.Background(), filepath.Join(t.TempDir(), "none.gguf")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	if _, err := Open(context.Background(), t.TempDir()); err == nil {
		t.Error("a folder is a model")
	}
	path := filepath.Join("..", "models", "embedded", "nano-q8_0.gguf")
	a, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	b := mustOpen(t, modelFile(t, "nano"))
	if a.ID() != b.ID() || a.ID().Class != Class || a.ID().Name != "lmz-nano" || a.ContextLength() != 256 {
		t.Errorf("%+v and %+v", a.ID(), b.ID())
	}
}

// Tokens are in the order of their pieces, and those of a text spell it.
func TestTokens(t *testing.T) {
	m := mustOpen(t, modelFile(t, "nano"))
	if !slices.IsSortedFunc(m.Pieces(), slices.Compare[[]byte]) {
		t.Error("pieces are in no order")
	}
	text := "GET /index.html 200 \t ünï\r\n"
	list, err := m.Tokenize([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var spelled []byte
	for _, token := range list {
		spelled = append(spelled, m.Pieces()[token]...)
	}
	if string(spelled) != text {
		t.Errorf("%q spells %q", list, spelled)
	}
	if bos := m.BOS(); m.tokens.file[bos] != 4095 || len(m.Pieces()[bos]) != 0 {
		t.Errorf("BOS is %d of the file, %q", m.tokens.file[bos], m.Pieces()[bos])
	}
}

// Rows are views of their own, which stay until the next Decode.
func TestLogitsStay(t *testing.T) {
	m := mustOpen(t, modelFile(t, "nano"))
	s := mustSession(t, m, 2, 4)
	mustDecode(t, s, lm.Feed{Lane: 0, Tokens: []int32{1}}, lm.Feed{Lane: 1, Tokens: []int32{2}})
	first := s.Logits(0).Fixed
	want := slices.Clone(first)
	s.Logits(1)
	if !slices.Equal(first, want) {
		t.Error("the row of one feed changes when that of another is asked for")
	}
}
