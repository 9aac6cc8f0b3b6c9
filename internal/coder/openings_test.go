package coder

import (
	"math/rand/v2"
	"testing"
)

// What is expected behind a token is a distribution at all times, that of the token alone, and
// forgotten with the text.
func TestOpenings(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var first [257]int
	for b := range first {
		first[b] = b
	}
	var o openings
	row := func(peak int) *reading {
		r := &reading{cum: make([]uint64, 257)}
		for b := range 256 {
			r.cum[b+1] = r.cum[b] + uint64(rng.IntN(100)) + 1
			if b == peak {
				r.cum[b+1] += 1 << 20
			}
		}
		r.weigh(unit)
		return r
	}
	for i := range 200 {
		o.learn(7, row(i%3), &first)
		sum := 0
		for _, q := range o.of(7).share {
			sum += int(q)
		}
		if sum > 1<<16 || sum < 1<<16-256*8 {
			t.Fatalf("after %d rows shares add up to %d, want at most 65536", i+1, sum)
		}
	}
	for range 40 {
		o.learn(7, row('x'), &first)
	}
	if q := o.of(7).share['x']; q < 60000 {
		t.Errorf("what always comes has a share of %d", q)
	}
	o.learn(7+openingPlaces, row('y'), &first)
	if o.of(7) != nil {
		t.Error("a token has what was learnt of another one in its place")
	}
	if q := o.of(7 + openingPlaces).share['x']; q > 1000 {
		t.Errorf("a token in the place of another starts with its share of %d", q)
	}
	if o.forget(); o.of(7+openingPlaces) != nil {
		t.Error("what was learnt of one text is known in the next")
	}
}
