//go:build unix && !(llama && cgo)

package main

import "github.com/lmz-go/lmz/llama"

func loadBare(string) (bareModel, error) { return nil, llama.ErrNotBuilt }
