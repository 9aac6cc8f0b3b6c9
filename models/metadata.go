package models

import (
	"bytes"

	"github.com/lmz-go/lmz/llama/gguf"
)

// Header reads the GGUF header of a model file, without libllama.
func (f File) Header() (*gguf.Header, error) {
	if f.Embedded() {
		return gguf.Read(bytes.NewReader(f.bytes()), int64(len(f.bytes())))
	}
	return gguf.ReadFile(f.Path)
}

// name is the general.name of the file's metadata, or empty.
func (f File) name() string {
	h, err := f.Header()
	if err != nil {
		return ""
	}
	return h.Text("general.name")
}
