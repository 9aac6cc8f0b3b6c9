//go:build llama && cgo

package llama

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/lm"
)

// These tests are the contract of lm.Model on libllama: every logit has the bits of the reference,
// which is one lane, one token at a time, one thread.

// exactTokens crosses the unit of 256 cells in which the KV cache grows.
const exactTokens = 270

// stepRows gives the hash of every row when the tokens are fed one at a time.
func stepRows(m *Model, p sessionParams, tokens []int32) ([]uint64, error) {
	return feedRows(m, p, tokens, 1)
}

// feedRows gives the hash of every row when the tokens are fed to lane 0 in pieces of size.
func feedRows(m *Model, p sessionParams, tokens []int32, size int) ([]uint64, error) {
	p.everyRow = true
	s, err := m.newSession(p)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var rows []uint64
	for at := 0; at < len(tokens); at += size {
		piece := tokens[at:min(at+size, len(tokens))]
		if err := s.Decode(context.Background(), []lm.Feed{{Pos: at, Tokens: piece}}); err != nil {
			return nil, err
		}
		for i := range piece {
			rows = append(rows, hashRow(s.Logits(i).Float))
		}
	}
	return rows, nil
}

func mustRows(t *testing.T, m *Model, p sessionParams, tokens []int32, size int) []uint64 {
	t.Helper()
	rows, err := feedRows(m, p, tokens, size)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func wantRows(t *testing.T, what string, got, want []uint64) {
	t.Helper()
	if i := firstDifference(got, want); i >= 0 {
		t.Errorf("%s: logits differ first at position %d of %d", what, i, len(want))
	}
}

// firstDifference is the first position at which rows differ, or -1.
func firstDifference(got, want []uint64) int {
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			return i
		}
	}
	return -1
}

func forEachSpec(t *testing.T, test func(t *testing.T, m *Model)) {
	for _, spec := range specs() {
		t.Run(specName(spec), func(t *testing.T) { test(t, openSpec(t, spec)) })
	}
}

// reference rows of a lane's test tokens.
func reference(t *testing.T, m *Model, lane, n int) []uint64 {
	t.Helper()
	return mustRows(t, m, exactParams(1, 512), tokensOf(m, lane, n), 1)
}

// prefillRows are the reference's rows, computed faster; TestExactPrefill shows that they are the
// same.
func prefillRows(t *testing.T, m *Model, lane, n int) []uint64 {
	t.Helper()
	return mustRows(t, m, exactParams(1, 512), tokensOf(m, lane, n), maxLaneTokens)
}

func mustDecode(t *testing.T, s *session, feeds []lm.Feed) {
	t.Helper()
	if err := s.Decode(context.Background(), feeds); err != nil {
		t.Fatal(err)
	}
}

func TestExactPrefill(t *testing.T) {
	forEachSpec(t, func(t *testing.T, m *Model) {
		tokens := tokensOf(m, 0, exactTokens)
		want := reference(t, m, 0, exactTokens)
		for _, size := range []int{2, 7, 31, 32} {
			wantRows(t, fmt.Sprint("pieces of ", size), mustRows(t, m, exactParams(1, 512), tokens, size), want)
		}
		wantRows(t, "window of 2048", mustRows(t, m, exactParams(1, 2048), tokens, 32), want)
	})
}

func TestExactLockstep(t *testing.T) {
	forEachSpec(t, func(t *testing.T, m *Model) {
		for _, lanes := range []int{2, 3, 70} {
			const from, n = 250, 262 // fed at once until from, in lockstep from there on
			last := lanes - 1
			firstWant, lastWant := prefillRows(t, m, 0, n)[from:], prefillRows(t, m, last, n)[from:]
			s := openSession(t, m, exactParams(lanes, 300))
			tokens := make([][]int32, lanes)
			feeds := make([]lm.Feed, lanes)
			for lane := range feeds {
				tokens[lane] = tokensOf(m, lane, n)
				feeds[lane] = lm.Feed{Lane: lane, Tokens: tokens[lane][:from]}
				if lanes > 3 && lane != 0 && lane != last { // some lanes begin late
					feeds[lane].Tokens = feeds[lane].Tokens[:1+lane%5]
				}
			}
			mustDecode(t, s, feeds)
			var firstGot, lastGot []uint64
			for range n - from {
				for lane := range feeds {
					at := s.held[lane]
					feeds[lane] = lm.Feed{Lane: lane, Pos: at, Tokens: tokens[lane][at : at+1]}
				}
				mustDecode(t, s, feeds)
				firstGot, lastGot = append(firstGot, hashRow(s.Logits(0).Float)), append(lastGot, hashRow(s.Logits(last).Float))
			}
			wantRows(t, fmt.Sprintf("first of %d lanes", lanes), firstGot, firstWant)
			wantRows(t, fmt.Sprintf("last of %d lanes", lanes), lastGot, lastWant)
		}
	})
}

// TestExactSchedule feeds lanes as a compressor might: any lanes in any order, pieces of any
// length, rewinds, fresh starts.
func TestExactSchedule(t *testing.T) {
	forEachSpec(t, func(t *testing.T, m *Model) {
		const lanes, n = 5, 280
		want, tokens := make([][]uint64, lanes), make([][]int32, lanes)
		for i := range lanes {
			want[i], tokens[i] = prefillRows(t, m, i, n), tokensOf(m, i, n)
		}
		random := rand.New(rand.NewPCG(1, 2))
		s := openSession(t, m, exactParams(lanes, n))
		text := []int{0, 1, 2, 3, 4} // which tokens each lane holds
		for step := range 40 {
			var feeds []lm.Feed
			for _, lane := range random.Perm(lanes)[:1+random.IntN(lanes)] {
				pos := s.held[lane]
				switch random.IntN(8) {
				case 0:
					pos, text[lane] = 0, random.IntN(lanes)
				case 1:
					pos = random.IntN(pos + 1)
				}
				if pos == n {
					pos = 0
				}
				size := 1 + min(random.IntN(3)*random.IntN(50), n-pos-1)
				feeds = append(feeds, lm.Feed{Lane: lane, Pos: pos, Tokens: tokens[text[lane]][pos : pos+size]})
			}
			mustDecode(t, s, feeds)
			for i, f := range feeds {
				at := f.Pos + len(f.Tokens) - 1
				if hashRow(s.Logits(i).Float) != want[text[f.Lane]][at] {
					t.Fatalf("step %d: lane %d of %d: logits after %d tokens at %d differ", step, f.Lane, len(feeds),
						len(f.Tokens), f.Pos)
				}
			}
		}
	})
}

// TestExactWithoutFlashAttention: there, any number of tokens per decode and of threads gives the
// same bits.
func TestExactWithoutFlashAttention(t *testing.T) {
	forEachSpec(t, func(t *testing.T, m *Model) {
		plain := exactParams(1, 512)
		plain.flashAttention = false
		tokens := tokensOf(m, 0, exactTokens)
		want := mustRows(t, m, plain, tokens, 1)
		long := plain
		long.laneTokens, long.batch = 150, 150
		wantRows(t, "pieces of 150", mustRows(t, m, long, tokens, 150), want)
		long.threads = 2
		wantRows(t, "pieces of 150 with 2 threads", mustRows(t, m, long, tokens, 150), want)
	})
}

// TestTraps shows that what exactParams avoids does change bits, so that the limits are not
// superstition.
func TestTraps(t *testing.T) {
	m := openSpec(t, specs()[0])
	tokens := tokensOf(m, 0, exactTokens)
	want := reference(t, m, 0, exactTokens)

	long := exactParams(1, 512)
	long.laneTokens, long.batch = 64, 64
	if firstDifference(mustRows(t, m, long, tokens, 64), want) < 0 {
		t.Error("64 tokens of a lane per decode with flash attention changed nothing: maxLaneTokens may be raised")
	}

	unified := exactParams(64, 64)
	unified.unified = true
	s := openSession(t, m, unified)
	feeds := make([]lm.Feed, 64)
	var got []uint64
	for at := range 4 {
		for lane := range feeds {
			feeds[lane] = lm.Feed{Lane: lane, Pos: at, Tokens: tokensOf(m, lane, 4)[at : at+1]}
		}
		mustDecode(t, s, feeds)
		got = append(got, hashRow(s.Logits(0).Float))
	}
	if firstDifference(got, want[:4]) < 0 {
		t.Error("one KV buffer for 64 lanes changed nothing")
	}
}

// TestTrapsAreAvoided looks at the batches that Decode makes.
func TestTrapsAreAvoided(t *testing.T) {
	m := openSpec(t, specs()[0])
	for _, lanes := range []int{1, 2, 7, 20, 64} {
		p := exactParams(lanes, 300)
		if p.threads != 1 || p.unified || !p.flashAttention {
			t.Errorf("%d lanes: params are %+v", lanes, p)
		}
		s := openSession(t, m, p)
		feeds := make([]lm.Feed, lanes)
		for lane := range feeds {
			feeds[lane] = lm.Feed{Lane: lane, Tokens: tokensOf(m, lane, 1+(lane*97+299)%300)}
		}
		perRound := max(1, min(p.laneTokens, p.batch/lanes))
		fed := make([]int, lanes)
		for left := 300/perRound + 1; left >= 0; left-- {
			n := s.fill(feeds, perRound, left)
			counts := make([]int, lanes)
			for i := range n {
				counts[s.lane[i]]++
				if int(s.pos[i]) != fed[s.lane[i]] || s.token[i] != feeds[s.lane[i]].Tokens[s.pos[i]] {
					t.Fatalf("%d lanes: batch has token %d at position %d of lane %d", lanes, s.token[i], s.pos[i], s.lane[i])
				}
				fed[s.lane[i]]++
			}
			if most := slices.Max(counts); most >= 64 {
				t.Errorf("%d lanes: %d tokens of a lane in one batch", lanes, most)
			}
		}
		for lane, n := range fed {
			if n != len(feeds[lane].Tokens) {
				t.Errorf("%d lanes: %d of %d tokens of lane %d were fed", lanes, n, len(feeds[lane].Tokens), lane)
			}
		}
	}
}
