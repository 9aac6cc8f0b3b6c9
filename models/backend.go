package models

import (
	"context"
	"io"

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

// libllama is the Backend of package llama. A process computes in one numeric class: that of the
// first model it opens.
type libllama struct{}

func (libllama) OpenFile(ctx context.Context, path, class string) (Opened, error) {
	return opened(llama.Open(ctx, path, class))
}

func (libllama) OpenBytes(ctx context.Context, gguf []byte, class string) (Opened, error) {
	return opened(llama.OpenBytes(ctx, gguf, class))
}

// opened makes no interface of a nil pointer.
func opened(m *llama.Model, err error) (Opened, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}
