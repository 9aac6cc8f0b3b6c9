//go:build unix && !386 && !arm && !(llama && cgo)

package main

import "github.com/lmz-go/lmz/llama"

func loadBare(string) (bareModel, error) { return nil, llama.ErrNotBuilt }
