package exact

import (
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// The root is that of big.Int, rounded down, also where it is whole and next to it.
func TestRsqrt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	xs := []uint64{1, 2, 3, 4, 5, 1<<62 - 1, 1 << 62, 1<<62 + 1, 1<<63 - 1, 1 << 63, math.MaxUint64}
	for range 100000 {
		root := uint64(r.Uint32()) >> r.IntN(32)
		xs = append(xs, r.Uint64()>>r.IntN(64)|1, max(1, root*root), root*root+1, max(2, root*root)-1)
	}
	for _, x := range xs {
		n := bits.LeadingZeros64(x) &^ 1
		root := new(big.Int).SetUint64(x << n)
		want := scaleOf(1<<63/root.Sqrt(root).Uint64(), (n+32)/2-63)
		if got := rsqrt(x, 32); got != want {
			t.Fatalf("rsqrt(%d) is %v, want %v", x, got, want)
		}
	}
}
