package exact

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/lmz-go/lmz/lm"
)

// modelFile is the file of a released model.
func modelFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "models", "embedded", name+"-q8_0.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// BenchmarkDecode steps lanes together through whole windows, with each kernel and the passes over
// vectors that go with it.
func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"base", "nano"} {
		data := modelFile(b, name)
		for i := range kernels {
			k := &kernels[i]
			m, err := open(context.Background(), bytes.NewReader(data), int64(len(data)), k)
			if err != nil {
				b.Fatal(err)
			}
			for _, lanes := range []int{1, 8, 32} {
				b.Run(fmt.Sprintf("%s/%s/%d", name, k.name, lanes), func(b *testing.B) {
					defer limitVectors(k)()
					benchmarkDecode(b, m, lanes)
				})
			}
		}
	}
}

// limitVectors makes the passes over vectors as wide as those of a machine whose best kernel is k,
// until the result is called.
func limitVectors(k *kernel) (restore func()) {
	was := vectors
	switch k.name {
	case "generic":
		vectors = 0
	case "avx2", "avxvnni":
		vectors = min(vectors, 8)
	}
	return func() { vectors = was }
}

func benchmarkDecode(b *testing.B, m *Model, lanes int) {
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
}

// BenchmarkOpen loads a model.
func BenchmarkOpen(b *testing.B) {
	for _, name := range []string{"base", "nano"} {
		data := modelFile(b, name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := OpenBytes(context.Background(), data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
