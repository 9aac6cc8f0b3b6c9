//go:build linux && (amd64 || arm64)

package gpu

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/internal/golden"
)

// Of machines with several devices, DEVICE says which is tested. REQUIRE_DEVICE fails tests where
// there is none.
func deviceNumber(t testing.TB) int {
	list, err := Devices()
	if errors.Is(err, ErrNoDevice) || err == nil && len(list) == 0 {
		if os.Getenv("REQUIRE_DEVICE") != "" {
			t.Fatal(err)
		}
		t.Skipf("no device: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(os.Getenv("DEVICE"))
	return n
}

func released(t testing.TB, name string) *exact.Model {
	m, err := exact.Open(context.Background(), filepath.Join("..", "..", "models", "embedded", name+"-q8_0.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustOpen(t testing.TB, m *exact.Model) *Model {
	g, err := Open(context.Background(), m, deviceNumber(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// Logits are those that are pinned for the processor.
func TestGoldenLogits(t *testing.T) {
	for name, n := range map[string]int{"nano": 1000, "base": 200} {
		t.Run(name, func(t *testing.T) {
			lines := golden.Logits(t, mustOpen(t, released(t, name)), n)
			stored, err := os.ReadFile(filepath.Join("..", "testdata", name+".sha256"))
			if err != nil || len(lines) == 0 || !bytes.HasPrefix(stored, lines) {
				t.Errorf("logits are %s, stored are %s (%v)", lines, stored, err)
			}
		})
	}
}
