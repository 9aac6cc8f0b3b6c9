package gguftest

import (
	"math"
	"math/rand/v2"

	"github.com/lmz-go/lmz/internal/gguf"
)

// Spec says what model to write.
type Spec struct {
	Arch string          // "llama" (BPE), "qwen2" (BPE, biases) or "gemma" (SPM with byte fallback)
	Type gguf.TensorType // of the matrices: F32, F16, Q8_0 or Q4_0
	Seed uint64
}

// Shape of the models: small, but with several layers, heads that share keys and values, and rows
// of whole blocks.
const (
	vocabulary  = 512
	embedding   = 128
	layers      = 2
	heads       = 4
	kvHeads     = 2
	headSize    = embedding / heads
	feedForward = 256
	context     = 1024
)

// New makes the model of a spec.
func New(s Spec) *File {
	f := new(File)
	f.Set("general.architecture", s.Arch)
	f.Set("general.name", "random "+s.Arch+" "+s.Type.String())
	for _, kv := range []KeyValue{
		{"context_length", uint32(context)},
		{"embedding_length", uint32(embedding)},
		{"block_count", uint32(layers)},
		{"feed_forward_length", uint32(feedForward)},
		{"attention.head_count", uint32(heads)},
		{"attention.head_count_kv", uint32(kvHeads)},
		{"attention.layer_norm_rms_epsilon", float32(1e-5)},
		{"rope.freq_base", float32(10000)},
		{"rope.dimension_count", uint32(headSize)},
		{"attention.key_length", uint32(headSize)},
		{"attention.value_length", uint32(headSize)},
	} {
		f.Set(s.Arch+"."+kv.Key, kv.Value)
	}
	switch s.Arch {
	case "gemma":
		f.spm()
	case "qwen2":
		f.bpe("qwen2")
	default:
		f.bpe("llama-bpe")
	}
	f.weights(s)
	return f
}

func (f *File) weights(s Spec) {
	random := rand.New(rand.NewPCG(s.Seed, 0))
	// Uniform values of this standard deviation, so that activations keep their size from layer to
	// layer.
	tensor := func(name string, t gguf.TensorType, deviation float64, shape ...uint64) {
		n := uint64(1)
		for _, d := range shape {
			n *= d
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = float32((random.Float64() - 0.5) * (deviation * math.Sqrt(12)))
		}
		f.Tensors = append(f.Tensors, Tensor{name, t, shape, encode(values, t)})
	}
	matrix := func(name string, columns, rows uint64) {
		tensor(name, s.Type, 1/math.Sqrt(float64(columns)), columns, rows)
	}
	norm := func(name string) {
		values := make([]float32, embedding)
		for i := range values {
			values[i] = 1
		}
		f.Tensors = append(f.Tensors, Tensor{name, gguf.F32, []uint64{embedding}, encode(values, gguf.F32)})
	}
	tensor("token_embd.weight", s.Type, 1, embedding, vocabulary)
	for _, block := range []string{"blk.0.", "blk.1."} {
		norm(block + "attn_norm.weight")
		for _, part := range []struct {
			name string
			rows uint64
		}{{"attn_q", embedding}, {"attn_k", kvHeads * headSize}, {"attn_v", kvHeads * headSize}} {
			matrix(block+part.name+".weight", embedding, part.rows)
			if s.Arch == "qwen2" {
				tensor(block+part.name+".bias", gguf.F32, 0.1, part.rows)
			}
		}
		matrix(block+"attn_output.weight", embedding, embedding)
		norm(block + "ffn_norm.weight")
		matrix(block+"ffn_gate.weight", embedding, feedForward)
		matrix(block+"ffn_up.weight", embedding, feedForward)
		matrix(block+"ffn_down.weight", feedForward, embedding)
	}
	norm("output_norm.weight")
	if s.Arch != "gemma" { // whose output matrix is token_embd
		matrix("output.weight", embedding, vocabulary)
	}
}
