//go:build !llama || !cgo

package llama

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/lm"
)

// Version is the version of libllama, or empty without it.
func Version() string { return "" }

// SetLogger returns without effect: there is no libllama to log.
func SetLogger(*slog.Logger) {}

// LoadBackend returns ErrNotBuilt.
func LoadBackend(class string) (Backend, error) { return Backend{}, ErrNotBuilt }

// Devices returns none.
func Devices(name string) []Device { return nil }

// Quantize returns ErrNotBuilt.
func Quantize(dst, src, ftype string) error { return ErrNotBuilt }

// Model is never made without libllama.
type Model struct{}

// Open returns an error that wraps ErrNotBuilt, or is a *ClassError, and names model and class.
func Open(ctx context.Context, path, class string) (*Model, error) {
	return nil, notBuilt(path, class)
}

// OpenBytes returns an error as Open does; the model is named by its general.name.
func OpenBytes(ctx context.Context, data []byte, class string) (*Model, error) {
	name := "in memory"
	if h, err := gguf.Read(bytes.NewReader(data), int64(len(data))); err == nil {
		name = h.Text("general.name")
	}
	return nil, notBuilt(name, class)
}

func notBuilt(model, class string) error {
	if err := withdrawn(class); err != nil {
		return fmt.Errorf("model %s: %w", printable(model), err)
	}
	if class == "" {
		class = DefaultClass()
	}
	if class == "" {
		return fmt.Errorf("model %s: %w", printable(model), ErrNotBuilt)
	}
	return fmt.Errorf("model %s in numeric class %s: %w", printable(model), printable(class), ErrNotBuilt)
}

func (*Model) ID() lm.ModelID                                   { return lm.ModelID{} }
func (*Model) Pieces() [][]byte                                 { return nil }
func (*Model) BOS() int32                                       { return 0 }
func (*Model) ContextLength() int                               { return 0 }
func (*Model) Lanes() int                                       { return 0 }
func (*Model) Tokenize([]byte) ([]int32, error)                 { return nil, ErrNotBuilt }
func (*Model) NewSession(lanes, window int) (lm.Session, error) { return nil, ErrNotBuilt }
func (*Model) Close() error                                     { return nil }

var _ lm.Fixed = (*Model)(nil)
