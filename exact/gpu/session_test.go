//go:build linux && (amd64 || arm64)

package gpu

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/lm"
)

// compare feeds both sessions the same, and fails unless their logits are the same.
func compare(t *testing.T, want, got lm.Session, feeds []lm.Feed) {
	t.Helper()
	for _, s := range []lm.Session{want, got} {
		if err := s.Decode(context.Background(), feeds); err != nil {
			t.Fatal(err)
		}
	}
	for i, f := range feeds {
		w, g := want.Logits(i).Fixed, got.Logits(i).Fixed
		if !slices.Equal(w, g) {
			j := 0
			for w[j] == g[j] {
				j++
			}
			t.Fatalf("lane %d after %d tokens at %d: logit %d is %d, want %d", f.Lane, len(f.Tokens), f.Pos, j, g[j], w[j])
		}
	}
}

func mustSession(t testing.TB, m lm.Model, lanes, window int) lm.Session {
	t.Helper()
	s, err := m.NewSession(lanes, window)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func randomTokens(r *rand.Rand, m lm.Model, n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = r.Int32N(int32(len(m.Pieces())))
	}
	return list
}

// All ways of computing products, each for other numbers of lanes, give the logits of the processor.
func TestManyLanes(t *testing.T) {
	cpu := released(t, "nano")
	gpu := mustOpen(t, cpu)
	r := rand.New(rand.NewPCG(1, 2))
	for _, lanes := range []int{1, 9, 65, 130, 600} {
		want, got := mustSession(t, cpu, lanes, 8), mustSession(t, gpu, lanes, 8)
		for pos := range 3 {
			var feeds []lm.Feed
			for _, lane := range r.Perm(lanes) {
				feeds = append(feeds, lm.Feed{Lane: lane, Pos: pos, Tokens: randomTokens(r, cpu, 1)})
			}
			compare(t, want, got, feeds)
		}
	}
}
