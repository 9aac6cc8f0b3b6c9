//go:build !llama || !cgo

package llama

import (
	"context"
	"log/slog"

	"github.com/lmz-go/lmz/lm"
)

// Version is the version of libllama, or empty without it.
func Version() string { return "" }

// SetLogger returns without effect: there is no libllama to log.
func SetLogger(*slog.Logger) {}

// LoadBackend returns ErrNotBuilt.
func LoadBackend(class string) (Backend, error) { return Backend{}, ErrNotBuilt }

// Quantize returns ErrNotBuilt.
func Quantize(dst, src, ftype string) error { return ErrNotBuilt }

// Model is never made without libllama.
type Model struct{}

// Open returns ErrNotBuilt.
func Open(ctx context.Context, path, class string) (*Model, error) { return nil, ErrNotBuilt }

// OpenBytes returns ErrNotBuilt.
func OpenBytes(ctx context.Context, data []byte, class string) (*Model, error) {
	return nil, ErrNotBuilt
}

func (*Model) ID() lm.ModelID                                   { return lm.ModelID{} }
func (*Model) Pieces() [][]byte                                 { return nil }
func (*Model) BOS() int32                                       { return 0 }
func (*Model) ContextLength() int                               { return 0 }
func (*Model) Tokenize([]byte) ([]int32, error)                 { return nil, ErrNotBuilt }
func (*Model) NewSession(lanes, window int) (lm.Session, error) { return nil, ErrNotBuilt }
func (*Model) Close() error                                     { return nil }

var _ lm.Model = (*Model)(nil)
