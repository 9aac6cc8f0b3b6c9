package exact

import (
	"context"
	"os"
	"path/filepath"
	"testing"
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
