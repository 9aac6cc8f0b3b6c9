package models

import (
	"context"
	"errors"
	"io"

	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/lm"
)

// Opened is a model that the store has opened and will close.
type Opened interface {
	lm.Model
	io.Closer
}

// Backend opens GGUF files as models whose logits have the bits of a numeric class; the empty class
// is the default one. The models' ID().SHA256 is the hash of what was opened: it is computed from
// all bytes, never taken from elsewhere. When ctx ends meanwhile they return its error.
type Backend interface {
	OpenFile(ctx context.Context, path, class string) (Opened, error)
	OpenBytes(ctx context.Context, gguf []byte, class string) (Opened, error)
}

// Engines is the Backend of a store that was given none.
func Engines() Backend { return engines{} }

// engines is the Backend of the packages exact and llama. The class of package exact is the default
// of the models that it can compute.
type engines struct{}

func (engines) OpenFile(ctx context.Context, path, class string) (Opened, error) {
	return choose(class, func() (Opened, error) { return opened(exact.Open(ctx, path)) },
		func() (Opened, error) { return opened(llama.Open(ctx, path, class)) })
}

func (engines) OpenBytes(ctx context.Context, gguf []byte, class string) (Opened, error) {
	return choose(class, func() (Opened, error) { return opened(exact.OpenBytes(ctx, gguf)) },
		func() (Opened, error) { return opened(llama.OpenBytes(ctx, gguf, class)) })
}

// choose opens a model in the class that is wanted. A process computes in one class of libllama:
// that of the first model that it opens with it.
func choose(class string, inExact, inLlama func() (Opened, error)) (Opened, error) {
	if class != "" && class != exact.Class {
		return inLlama()
	}
	m, err := inExact()
	if class == "" && errors.Is(err, exact.ErrUnsupported) {
		return inLlama()
	}
	return m, err
}

// opened makes no interface of a nil pointer.
func opened[M Opened](m M, err error) (Opened, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}
