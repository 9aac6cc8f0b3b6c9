package gguftest

import "github.com/lmz-go/lmz/internal/gguf"

// encode stores values in a tensor type; their number must be a multiple of 32 for the quantized
// ones.
func encode(values []float32, t gguf.TensorType) []byte {
	b, err := gguf.Encode(values, t)
	if err != nil {
		panic("gguftest: " + err.Error())
	}
	return b
}
