package gguftest

import (
	"bytes"
	"math"
	"testing"

	"github.com/lmz-go/lmz/llama/gguf"
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
			if tokens := h.Get("tokenizer.ggml.tokens"); tokens != (gguf.Array{Type: gguf.String, Len: vocabulary}) {
				t.Errorf("%s %v: tokens are %v", arch, typ, tokens)
			}
		}
	}
}

func TestHalf(t *testing.T) {
	for _, c := range []struct {
		in   float32
		want uint16
	}{
		{0, 0}, {1, 0x3c00}, {-2, 0xc000}, {65504, 0x7bff}, {1.0 / 3, 0x3555}, {6.1035156e-05, 0x0400}, {5.9604645e-08, 1},
		{2.9802322e-08, 0}, {6.1005e-05, 0x03ff}, {6.103e-05, 0x0400}, {1.00048828125, 0x3c00}, {1.0009765625, 0x3c01},
		{1.00146484375, 0x3c02}, {0.99998, 0x3c00}, {float32(math.Copysign(0, -1)), 0x8000},
	} {
		if got := half(c.in); got != c.want {
			t.Errorf("half(%g) = %#04x, want %#04x", c.in, got, c.want)
		}
	}
}
