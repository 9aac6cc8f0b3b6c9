package exact

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
)

// making is a small model with random weights.
type making struct {
	layers, width, heads, kvHeads, inner, context int

	kind gguf.TensorType // of the matrices
	tied bool            // no output matrix
	seed uint64

	// number makes a number of a tensor; nil: uniform, so that activations keep their size.
	number func(r *rand.Rand, tensor string) float32
}

// plain is a making of every part: two heads for each of keys, more than one layer.
var plain = making{layers: 2, width: 64, heads: 4, kvHeads: 2, inner: 96, context: 160, kind: gguf.F32}

func (k making) head() int { return k.width / k.heads }

func (k making) file() *gguftest.File {
	f := gguftest.New(gguftest.Spec{Arch: "llama", Type: gguf.Q8_0})
	f.Set("general.name", "made")
	for key, v := range map[string]int{
		"block_count": k.layers, "embedding_length": k.width, "attention.head_count": k.heads, "attention.head_count_kv": k.kvHeads,
		"feed_forward_length": k.inner, "context_length": k.context, "rope.dimension_count": k.head(),
		"attention.key_length": k.head(), "attention.value_length": k.head(),
	} {
		f.Set("llama."+key, uint32(v))
	}
	vocabulary := 512
	f.Tensors = nil
	r := rand.New(rand.NewPCG(k.seed, 1))
	add := func(name string, kind gguf.TensorType, columns, rows int, number func() float32) {
		values := make([]float32, columns*rows)
		for i := range values {
			if k.number != nil {
				values[i] = k.number(r, name)
			} else {
				values[i] = number()
			}
		}
		data, err := gguf.Encode(values, kind)
		if err != nil {
			panic(err)
		}
		shape := []uint64{uint64(columns), uint64(rows)}
		if rows == 1 {
			shape = shape[:1]
		}
		f.Tensors = append(f.Tensors, gguftest.Tensor{Name: name, Type: kind, Shape: shape, Data: data})
	}
	matrix := func(name string, columns, rows int) {
		add(name, k.kind, columns, rows, func() float32 { return (r.Float32() - 0.5) * float32(math.Sqrt(12/float64(columns))) })
	}
	norm := func(name string) { add(name, gguf.F32, k.width, 1, func() float32 { return 0.5 + r.Float32() }) }
	add("token_embd.weight", k.kind, k.width, vocabulary, func() float32 { return (r.Float32() - 0.5) * 2 })
	for i := range k.layers {
		block := fmt.Sprintf("blk.%d.", i)
		norm(block + "attn_norm.weight")
		matrix(block+"attn_q.weight", k.width, k.width)
		matrix(block+"attn_k.weight", k.width, k.kvHeads*k.head())
		matrix(block+"attn_v.weight", k.width, k.kvHeads*k.head())
		matrix(block+"attn_output.weight", k.width, k.width)
		norm(block + "ffn_norm.weight")
		matrix(block+"ffn_gate.weight", k.width, k.inner)
		matrix(block+"ffn_up.weight", k.width, k.inner)
		matrix(block+"ffn_down.weight", k.inner, k.width)
	}
	norm("output_norm.weight")
	if !k.tied {
		matrix("output.weight", k.width, vocabulary)
	}
	return f
}

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
