package kvcache

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const bos = 1 << 20

// naive keeps everything that has come and works out the window anew from where it last began.
type naive struct {
	policy Policy
	past   []int32 // since the last reset, without BOS
	kept   int     // of them, those that were there before
	spent  uint64
}

func (n *naive) next(token int32) (fed []int32, reset bool) {
	full := 1+len(n.past) == n.policy.Window
	fresh := len(n.past) - n.kept
	rich := n.policy.Reset == EqualInfo && n.spent >= uint64(n.policy.Bits)*(1<<BitFraction) && fresh > 0 && fresh >= n.policy.Overlap
	if full || rich {
		n.past = slices.Clone(n.past[len(n.past)-min(len(n.past), n.policy.Overlap):])
		n.kept, n.spent = len(n.past), 0
		n.past = append(n.past, token)
		return append([]int32{bos}, n.past...), true
	}
	n.past = append(n.past, token)
	return []int32{token}, false
}

func policies() *rapid.Generator[Policy] {
	return rapid.Custom(func(t *rapid.T) Policy {
		p := Policy{Reset: Reset(rapid.IntRange(0, 2).Draw(t, "reset")), Window: rapid.IntRange(minWindow, 40).Draw(t, "window")}
		if p.Reset != Hard {
			p.Overlap = rapid.IntRange(0, (p.Window-1)/2).Draw(t, "overlap")
		}
		if p.Reset == EqualInfo {
			p.Bits = rapid.IntRange(1, 100).Draw(t, "bits")
		}
		return p
	})
}

// TestWindowAgainstNaive makes random calls and keeps a copy of the KV cache as the feeds would
// leave it.
func TestWindowAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := policies().Draw(t, "policy")
		w, err := NewWindow(p, bos)
		if err != nil {
			t.Fatal(err)
		}
		ref := &naive{policy: p}
		cache := []int32{bos}
		fed, added := 0, 0
		check := func() {
			t.Helper()
			want := append([]int32{bos}, ref.past...)
			if !slices.Equal(w.Tokens(), want) {
				t.Fatalf("window holds %v, want %v", w.Tokens(), want)
			}
			if len(want) > p.Window {
				t.Fatalf("window holds %d tokens of %d", len(want), p.Window)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"next": func(t *rapid.T) {
				token := rapid.Int32Range(0, 1000).Draw(t, "token")
				wantFed, reset := ref.next(token)
				pos, tokens := w.Next(token)
				if !slices.Equal(tokens, wantFed) || reset != (pos == 0) {
					t.Fatalf("feeds %v at %d, want %v, reset %v", tokens, pos, wantFed, reset)
				}
				cache = append(cache[:pos], tokens...)
				fed += len(tokens)
				added++
				if !slices.Equal(cache, w.Tokens()) {
					t.Fatalf("cache holds %v, window %v", cache, w.Tokens())
				}
			},
			"spend": func(t *rapid.T) {
				cost := rapid.Uint64Range(0, 30<<BitFraction).Draw(t, "cost")
				w.Spend(cost)
				ref.spent += cost
			},
			"rollback": func(t *rapid.T) {
				n := rapid.IntRange(0, 5).Draw(t, "n")
				if err := w.Rollback(n); (err != nil) != (n > len(ref.past)) {
					t.Fatalf("rollback of %d of %d: %v", n, len(ref.past), err)
				} else if err == nil {
					ref.past = ref.past[:len(ref.past)-n]
					ref.kept = min(ref.kept, len(ref.past))
				}
			},
			"prime": func(t *rapid.T) {
				primer := rapid.SliceOfN(rapid.Int32Range(0, 1000), 0, 60).Draw(t, "primer")
				*ref = naive{policy: p, past: slices.Clone(primer[len(primer)-min(len(primer), p.Window/2):])}
				cache = slices.Clone(w.Prime(primer))
			},
			"": func(*rapid.T) { check() },
		})
	})
}

// TestFeedsAreLinear bounds what resets feed again: a token twice, and BOS once more per reset.
func TestFeedsAreLinear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, err := NewWindow(policies().Draw(t, "policy"), bos)
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(1, 500).Draw(t, "n")
		cost := rapid.Uint64Range(0, 30<<BitFraction).Draw(t, "cost")
		times := make([]int, n)
		w.Prime(nil)
		for i := range n {
			_, tokens := w.Next(int32(i))
			for _, token := range tokens {
				if token != bos {
					times[token]++
				}
			}
			w.Spend(cost)
		}
		if most := slices.Max(times); most > 2 || slices.Min(times) < 1 {
			t.Fatalf("a token was fed %d times", most)
		}
	})
}

func TestValidate(t *testing.T) {
	for _, p := range []Policy{
		{Window: 4},
		{Window: 1 << 20},
		{Reset: Overlap, Window: 9, Overlap: 4},
		{Reset: Overlap, Window: 9},
		{Reset: EqualInfo, Window: 512, Overlap: 100, Bits: 1},
	} {
		if err := p.Validate(); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
	}
	for _, p := range []Policy{
		{},
		{Window: 3},
		{Window: -1},
		{Window: 1<<20 + 1},
		{Reset: 3, Window: 100},
		{Window: 100, Overlap: 1},
		{Reset: Overlap, Window: 9, Overlap: 5},
		{Reset: Overlap, Window: 9, Overlap: -1},
		{Reset: Overlap, Window: 100, Bits: 1},
		{Reset: EqualInfo, Window: 100},
		{Reset: EqualInfo, Window: 100, Bits: -1},
	} {
		if err := p.Validate(); !errors.Is(err, ErrPolicy) {
			t.Errorf("%+v: %v", p, err)
		}
		if _, err := NewWindow(p, bos); !errors.Is(err, ErrPolicy) {
			t.Errorf("NewWindow(%+v): %v", p, err)
		}
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	w, err := NewWindow(Policy{Reset: EqualInfo, Window: 64, Overlap: 20, Bits: 200}, bos)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1000, func() {
		w.Next(1)
		w.Spend(5 << BitFraction)
	}); n != 0 {
		t.Errorf("%v allocations per token", n)
	}
}

// BenchmarkNext shows that the time per token does not depend on how many came before.
func BenchmarkNext(b *testing.B) {
	for _, n := range []int{1e3, 1e4, 1e5, 1e6} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w, err := NewWindow(Policy{Reset: Overlap, Window: 512, Overlap: 128}, bos)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				w.Prime(nil)
				for i := range n {
					w.Next(int32(i))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/token")
		})
	}
}
