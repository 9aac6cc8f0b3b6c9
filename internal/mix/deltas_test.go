package mix

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

// Each bucket begins where the one before it ends, and holds as many differences as it says.
func TestDeltaBuckets(t *testing.T) {
	for b := range deltaBuckets {
		low, width := deltaLow[b], int64(1)<<deltaWidth[b]
		for _, d := range []int64{low, low + width/2, low + width - 1} {
			if got := deltaBucket(d); got != b {
				t.Errorf("%d is in bucket %d, want %d", d, got, b)
			}
		}
		if next := deltaLow[b+1]; next != low+width {
			t.Errorf("bucket %d ends in front of %d, and the next begins at %d", b, low+width, next)
		}
	}
	if low, high := deltaLow[0], deltaLow[deltaBuckets]; low != 1-deltaLimit || high != deltaLimit {
		t.Errorf("buckets are from %d to %d, want %d to %d", low, high, int64(1-deltaLimit), int64(deltaLimit))
	}
	if deltaBucket(-1<<60) != 0 || deltaBucket(1<<60) != deltaBuckets-1 {
		t.Error("large differences are not in the outermost buckets")
	}
	if got := unsafe.Sizeof(histogram{}); got != histogramSize {
		t.Errorf("a histogram takes %d bytes, want %d", got, histogramSize)
	}
}

// Probabilities never sum to more than one, rise with the difference, and follow what was counted.
func FuzzDeltas(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		some := func() int64 { return r.Int64N(1<<r.IntN(50)+1) - r.Int64N(1<<r.IntN(50)+1) }
		hs := make(deltas, 64)
		usual := some()
		place, special := hs.find(1), hs.find(2)
		for range r.IntN(2000) {
			d := usual
			if r.IntN(4) == 0 {
				d = some()
			}
			hs[place].add(d)
			if r.IntN(2) == 0 {
				hs[special].add(d)
			}
		}
		for i := range hs {
			sum := uint32(0)
			for _, n := range hs[i].n {
				sum += uint32(n)
			}
			if h := &hs[i]; sum != h.total || sum > deltaTotal {
				t.Fatalf("counts sum to %d, total is %d", sum, h.total)
			}
		}
		var p probabilities
		var d distribution
		hs[place].probabilities(&p, placeTrust)
		hs[special].distribute(&p, &d, viewTrust)
		if all := d.below(deltaLimit); all > 1<<deltaScale || all < 1<<deltaScale-1<<20 {
			t.Fatalf("all are %d of %d", all, 1<<deltaScale)
		}
		for range 100 {
			a, b := some(), some()
			if a > b {
				a, b = b, a
			}
			if d.below(a) > d.below(b) {
				t.Fatalf("below %d are %d, below %d are %d", a, d.below(a), b, d.below(b))
			}
			k := deltaBucket(a)
			one := hs[special].refine(hs[place].refine(deltaFirst, k, placeTrust), k, viewTrust)
			if all := d[k+1] - d[k]; one != all {
				t.Fatalf("bucket %d is %d alone, and %d in the distribution", k, one, all)
			}
		}
	})
}

// A key that takes another's place begins with nothing.
func TestDeltasFind(t *testing.T) {
	hs := make(deltas, 1)
	hs[hs.find(7)].add(3)
	if h := hs[hs.find(7)]; h.total != deltaWeight || h.n[deltaZero+3] != deltaWeight || int(h.last) != deltaZero+3 {
		t.Errorf("a difference is counted as %v", h)
	}
	if h := hs[hs.find(8)]; h != (histogram{key: 8}) {
		t.Errorf("a new key begins with %v", h)
	}
}
