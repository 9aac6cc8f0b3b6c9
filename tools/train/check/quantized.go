//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/llama"
)

// compareQuantized fails when the matrices of the Q8_0 file are not bit for bit those that libllama
// makes of the F32 file.
func compareQuantized(full, quantized string) error {
	dir, err := os.MkdirTemp("", "check")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	reference := filepath.Join(dir, "reference.gguf")
	if err := llama.Quantize(reference, full, "Q8_0"); err != nil {
		return err
	}
	want, err := tensorData(reference)
	if err != nil {
		return err
	}
	got, err := tensorData(quantized)
	if err != nil {
		return err
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s has %d tensors, libllama's %d", quantized, len(got), len(want))
	}
	for name, data := range want {
		if !bytes.Equal(got[name], data) {
			return fmt.Errorf("%s: tensor %s differs from libllama's", quantized, name)
		}
	}
	fmt.Printf("quantization: %d tensors, equal\n", len(want))
	return nil
}

func tensorData(path string) (map[string][]byte, error) {
	h, err := gguf.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]byte, len(h.Tensors))
	for _, t := range h.Tensors {
		start := uint64(h.DataOffset) + t.Offset
		out[t.Name] = file[start : start+t.Size]
	}
	return out, nil
}
