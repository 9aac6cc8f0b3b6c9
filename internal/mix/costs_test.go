package mix

import (
	"fmt"
	"math"
	"os"
	"testing"
)

// TestCosts prints, with MIX_COSTS=file, what each token of it costs in bits.
func TestCosts(t *testing.T) {
	name := os.Getenv("MIX_COSTS")
	if name == "" {
		t.Skip("MIX_COSTS names no file")
	}
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	src = src[:min(len(src), 400000)]
	var m model
	if err := m.reset(t.Context(), kindFor(6, false, int64(len(src)), true)); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	start := 0
	for at, b := range src {
		m.startByte()
		c := 0.0
		for i := 7; i >= 0; i-- {
			y := b >> i & 1
			p := float64(m.p) / 65536
			if y == 0 {
				p = 1 - p
			}
			c -= math.Log2(p)
			m.update(uint32(y))
		}
		sum += c
		if !isToken[b] {
			fmt.Printf("%s", src[start:at+1])
			if sum >= 0.5 {
				fmt.Printf("{%.0f}", sum)
			}
			sum, start = 0, at+1
		}
	}
}
