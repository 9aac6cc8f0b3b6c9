package exact

import (
	"context"
	"testing"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
)

// plain is a model of every part: two heads for each of keys, more than one layer.
var plain = gguftest.Llama{Layers: 2, Width: 64, Heads: 4, KVHeads: 2, Inner: 96, Context: 160, Kind: gguf.F32}

func mustOpen(t testing.TB, data []byte) *Model {
	t.Helper()
	m, err := OpenBytes(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	return m
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
