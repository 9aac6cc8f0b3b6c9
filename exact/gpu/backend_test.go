//go:build linux && (amd64 || arm64)

package gpu

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/lmz-go/lmz/internal/gguftest"
	"github.com/lmz-go/lmz/models"
)

var errOther = errors.New("other")

type other struct{}

func (other) OpenFile(context.Context, string, string) (models.Opened, error)  { return nil, errOther }
func (other) OpenBytes(context.Context, []byte, string) (models.Opened, error) { return nil, errOther }

// A Backend has the device compute models of class exact, and leaves others to another one.
func TestBackend(t *testing.T) {
	b := Backend{Device: deviceNumber(t), Other: other{}}
	ctx := context.Background()
	nano := filepath.Join("..", "..", "models", "embedded", "nano-q8_0.gguf")
	for _, class := range []string{"", "exact"} {
		m, err := b.OpenFile(ctx, nano, class)
		if err != nil {
			t.Fatal(err)
		}
		if g, ok := m.(*Model); !ok || g.Device() == "" {
			t.Errorf("it is a %T", m)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := b.OpenFile(ctx, nano, "avx2"); !errors.Is(err, errOther) {
		t.Errorf("error is %v, want that of the other", err)
	}
	if _, err := (Backend{}).OpenFile(ctx, nano, "none such"); err == nil || errors.Is(err, errOther) {
		t.Errorf("error is %v, want that of models.Engines", err)
	}
	large := two
	large.Width, large.Heads, large.KVHeads = 2048, 32, 32
	if _, err := b.OpenBytes(ctx, large.File().Bytes(), ""); !errors.Is(err, errOther) {
		t.Errorf("error is %v, want that of the other", err)
	}
	if _, err := b.OpenFile(ctx, filepath.Join(t.TempDir(), "none"), ""); err == nil || errors.Is(err, errOther) {
		t.Errorf("error is %v", err)
	}
	b.Device = 99
	if m, err := b.OpenBytes(ctx, gguftest.Llama.File(two).Bytes(), ""); m != nil || !errors.Is(err, ErrNoDevice) {
		t.Errorf("error is %v, want %v", err, ErrNoDevice)
	}
}
