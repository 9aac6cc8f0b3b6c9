package exact

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/lmz-go/lmz/lm"
)

// released opens an embedded model.
func released(t testing.TB, name string) *Model {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "models", "embedded", name+"-q8_0.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := OpenBytes(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// BenchmarkDecode steps lanes together through whole windows.
func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"base", "nano"} {
		m := released(b, name)
		for _, lanes := range []int{1, 8, 32} {
			b.Run(fmt.Sprintf("%s/%d", name, lanes), func(b *testing.B) {
				s, err := m.NewSession(lanes, m.ContextLength())
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				feeds := make([]lm.Feed, lanes)
				seed, pos := uint32(1), 0
				for b.Loop() {
					for i := range feeds {
						seed = seed*1664525 + 1013904223
						feeds[i] = lm.Feed{Lane: i, Pos: pos, Tokens: []int32{int32(seed >> 20)}}
					}
					if err := s.Decode(context.Background(), feeds); err != nil {
						b.Fatal(err)
					}
					pos = (pos + 1) % m.ContextLength()
				}
				b.ReportMetric(float64(b.N*lanes)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}

// BenchmarkOpen loads a model.
func BenchmarkOpen(b *testing.B) {
	for _, name := range []string{"base", "nano"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				released(b, name)
			}
		})
	}
}
