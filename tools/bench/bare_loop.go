//go:build unix && !386 && !arm && llama && cgo

package main

import "github.com/lmz-go/lmz/internal/bareloop"

func loadBare(path string) (bareModel, error) {
	m, err := bareloop.Load(path)
	if err != nil {
		return nil, err
	}
	return m, nil
}
