//go:build !llama || !cgo

package llama

import (
	"context"
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

// Loaded reports that no backend is loaded.
func Loaded() (Backend, bool) { return Backend{}, false }

// Devices lists nothing.
func Devices() []Device { return nil }

// Quantize returns ErrNotBuilt.
func Quantize(dst, src, ftype string) error { return ErrNotBuilt }

// Model is never made without libllama.
type Model struct{}

// Open returns ErrNotBuilt.
func Open(path string, o Options) (*Model, error) { return nil, ErrNotBuilt }

// OpenBytes returns ErrNotBuilt.
func OpenBytes(data []byte, o Options) (*Model, error) { return nil, ErrNotBuilt }

func (*Model) ID() lm.ModelID                                   { return lm.ModelID{} }
func (*Model) Header() *gguf.Header                             { return nil }
func (*Model) Pieces() [][]byte                                 { return nil }
func (*Model) Attrs() []TokenAttr                               { return nil }
func (*Model) BOS() int32                                       { return 0 }
func (*Model) ContextLength() int                               { return 0 }
func (*Model) Tokenize([]byte) ([]int32, error)                 { return nil, ErrNotBuilt }
func (*Model) NewSession(lanes, window int) (lm.Session, error) { return nil, ErrNotBuilt }
func (*Model) Close() error                                     { return nil }

// Session is never made without libllama.
type Session struct{}

func (*Session) Decode(context.Context, []lm.Feed) error  { return ErrNotBuilt }
func (*Session) Logits(i int) []float32                   { return nil }
func (*Session) Held(lane int) int                        { return 0 }
func (*Session) Remove(lane, p0, p1 int) error            { return ErrNotBuilt }
func (*Session) Copy(dst, src int) error                  { return ErrNotBuilt }
func (*Session) Shift(lane, p0, p1, delta int) error      { return ErrNotBuilt }
func (*Session) SaveLane(lane int) ([]byte, error)        { return nil, ErrNotBuilt }
func (*Session) RestoreLane(lane int, state []byte) error { return ErrNotBuilt }
func (*Session) Close() error                             { return nil }

var (
	_ lm.Model   = (*Model)(nil)
	_ lm.Session = (*Session)(nil)
)
