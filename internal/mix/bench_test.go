package mix

import (
	"fmt"
	"testing"
)

// BenchmarkEncode codes a log of 64 KiB, cold and primed; BenchmarkStart is what starting a primed
// chunk takes of that.
func BenchmarkEncode(b *testing.B) {
	text := lines(3000, 1)
	for _, level := range []int{1, 3, 6} {
		for _, primer := range [][]byte{nil, text[64<<10:]} {
			b.Run(fmt.Sprintf("level=%d/primer=%d", level, len(primer)), func(b *testing.B) {
				var c Coder
				p := Params{Level: level}
				if primer != nil {
					p.Primed = primed(b, level, primer)
				}
				b.SetBytes(64 << 10)
				for b.Loop() {
					if _, err := c.Encode(b.Context(), p, nil, text[:64<<10]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkStart(b *testing.B) {
	for _, level := range []int{1, 3, 6} {
		b.Run(fmt.Sprintf("level=%d", level), func(b *testing.B) {
			var c Coder
			p := primed(b, level, lines(100, 1))
			for b.Loop() {
				if err := c.model.copyFrom(b.Context(), p.model); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
