//go:build linux && (amd64 || arm64)

package gpu

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
)

// The device computes large as the processor does; golden hashes of it would take minutes.
func TestLarge(t *testing.T) {
	mustOpen(t, released(t, "large")) // which compares them
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
