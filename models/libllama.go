package models

import "github.com/lmz-go/lmz/llama"

// LibLlama is the Backend of package llama. A process computes in one numeric class: that of the first model it opens.
type LibLlama struct{}

func (LibLlama) OpenFile(path, class string) (Opened, error) {
	m, err := llama.Open(path, llama.Options{Class: class})
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (LibLlama) OpenBytes(gguf []byte, class string) (Opened, error) {
	m, err := llama.OpenBytes(gguf, llama.Options{Class: class})
	if err != nil {
		return nil, err
	}
	return m, nil
}
