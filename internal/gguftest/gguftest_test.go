package gguftest

import (
	"bytes"
	"testing"

	"github.com/lmz-go/lmz/internal/gguf"
)

func TestHeaderReadsBack(t *testing.T) {
	for _, arch := range []string{"llama", "qwen2", "gemma"} {
		for _, typ := range []gguf.TensorType{gguf.F32, gguf.F16, gguf.Q8_0, gguf.Q4_0} {
			f := New(Spec{Arch: arch, Type: typ, Seed: 1})
			data := f.Bytes()
			if !bytes.Equal(data, New(Spec{Arch: arch, Type: typ, Seed: 1}).Bytes()) {
				t.Errorf("%s %v: two writes differ", arch, typ)
			}
			h, err := gguf.Read(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatalf("%s %v: %v", arch, typ, err)
			}
			if len(h.Metadata) != len(f.Metadata) || len(h.Tensors) != len(f.Tensors) {
				t.Fatalf("%s %v: %d keys and %d tensors were written, %d and %d read", arch, typ, len(f.Metadata),
					len(f.Tensors), len(h.Metadata), len(h.Tensors))
			}
			for i, tensor := range h.Tensors {
				at := h.DataOffset + int64(tensor.Offset)
				if want := f.Tensors[i]; tensor.Name != want.Name || !bytes.Equal(data[at:at+int64(tensor.Size)], want.Data) {
					t.Errorf("%s %v: tensor %d, %q, is not what was written", arch, typ, i, tensor.Name)
				}
			}
			if tokens, ok := h.Get("tokenizer.ggml.tokens").(gguf.Array); !ok || tokens.Type != gguf.String || tokens.Len != vocabulary {
				t.Errorf("%s %v: tokens are %v", arch, typ, tokens)
			}
		}
	}
}
