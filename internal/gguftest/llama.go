package gguftest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/lmz-go/lmz/internal/gguf"
)

// Llama is a small model of the architecture llama with random weights.
type Llama struct {
	Layers, Width, Heads, KVHeads, Inner, Context int

	Kind gguf.TensorType // of the matrices
	Tied bool            // no output matrix
	Seed uint64

	// Number makes a number of a tensor; nil: uniform, so that activations keep their size.
	Number func(r *rand.Rand, tensor string) float32
}

func (k Llama) head() int { return k.Width / k.Heads }

// File is the model, with a vocabulary of 512 tokens.
func (k Llama) File() *File {
	f := New(Spec{Arch: "llama", Type: gguf.Q8_0})
	f.Set("general.name", "made")
	for key, v := range map[string]int{
		"block_count": k.Layers, "embedding_length": k.Width, "attention.head_count": k.Heads, "attention.head_count_kv": k.KVHeads,
		"feed_forward_length": k.Inner, "context_length": k.Context, "rope.dimension_count": k.head(),
		"attention.key_length": k.head(), "attention.value_length": k.head(),
	} {
		f.Set("llama."+key, uint32(v))
	}
	vocabulary := 512
	f.Tensors = nil
	r := rand.New(rand.NewPCG(k.Seed, 1))
	add := func(name string, kind gguf.TensorType, columns, rows int, number func() float32) {
		values := make([]float32, columns*rows)
		for i := range values {
			if k.Number != nil {
				values[i] = k.Number(r, name)
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
		f.Tensors = append(f.Tensors, Tensor{Name: name, Type: kind, Shape: shape, Data: data})
	}
	matrix := func(name string, columns, rows int) {
		add(name, k.Kind, columns, rows, func() float32 { return (r.Float32() - 0.5) * float32(math.Sqrt(12/float64(columns))) })
	}
	norm := func(name string) { add(name, gguf.F32, k.Width, 1, func() float32 { return 0.5 + r.Float32() }) }
	add("token_embd.weight", k.Kind, k.Width, vocabulary, func() float32 { return (r.Float32() - 0.5) * 2 })
	for i := range k.Layers {
		block := fmt.Sprintf("blk.%d.", i)
		norm(block + "attn_norm.weight")
		matrix(block+"attn_q.weight", k.Width, k.Width)
		matrix(block+"attn_k.weight", k.Width, k.KVHeads*k.head())
		matrix(block+"attn_v.weight", k.Width, k.KVHeads*k.head())
		matrix(block+"attn_output.weight", k.Width, k.Width)
		norm(block + "ffn_norm.weight")
		matrix(block+"ffn_gate.weight", k.Width, k.Inner)
		matrix(block+"ffn_up.weight", k.Width, k.Inner)
		matrix(block+"ffn_down.weight", k.Inner, k.Width)
	}
	norm("output_norm.weight")
	if !k.Tied {
		matrix("output.weight", k.Width, vocabulary)
	}
	return f
}

// Extremes are ways to fill the tensors of a model that reach the ends of what numbers can be.
var Extremes = map[string]func(r *rand.Rand, tensor string) float32{
	"zero":     func(*rand.Rand, string) float32 { return 0 },
	"one sign": func(*rand.Rand, string) float32 { return 3 },
	"tiny":     func(r *rand.Rand, _ string) float32 { return (r.Float32() - 0.5) * 1e-7 },
	"great":    func(r *rand.Rand, _ string) float32 { return (r.Float32() - 0.5) * 60000 },
	"greatest": func(r *rand.Rand, _ string) float32 { return float32(1-2*r.IntN(2)) * 60000 },
	// A unit that lets sums of queries and keys, and of all else, be as great as there is room for.
	"signs": func(r *rand.Rand, _ string) float32 { return float32(1 - 2*r.IntN(2)) },
	"mixed": func(r *rand.Rand, _ string) float32 {
		return float32(math.Ldexp(r.Float64()-0.5, r.IntN(40)-25))
	},
	"one": func(r *rand.Rand, _ string) float32 { // number of a hundred
		if r.IntN(100) == 0 {
			return 60000
		}
		return 0
	},
	"great queries": func(r *rand.Rand, tensor string) float32 {
		if len(tensor) > 11 && (tensor[6:12] == "attn_q" || tensor[6:12] == "attn_k") {
			return float32(1-2*r.IntN(2)) * 30000
		}
		return r.Float32() - 0.5
	},
	// Keys along queries give the greatest products.
	"aligned": func(r *rand.Rand, tensor string) float32 {
		if len(tensor) > 11 && (tensor[6:12] == "attn_q" || tensor[6:12] == "attn_k") {
			return 3
		}
		return r.Float32() - 0.5
	},
	"tiny values": func(r *rand.Rand, tensor string) float32 {
		if len(tensor) > 11 && tensor[6:12] == "attn_v" {
			return (r.Float32() - 0.5) * 1e-6
		}
		return r.Float32() - 0.5
	},
}
