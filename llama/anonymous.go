//go:build llama && cgo && !linux

package llama

import "os"

// anonymousFile makes a temporary file without a name.
func anonymousFile() (*os.File, error) {
	f, err := os.CreateTemp("", "lmz-model-*.gguf")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
