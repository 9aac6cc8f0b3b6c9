//go:build linux && (amd64 || arm64)

package gpu

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/lmz-go/lmz/exact"
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

// TestFeatures logs what a device is, for reports.
func TestFeatures(t *testing.T) {
	list, err := Devices()
	t.Logf("devices: %q %v", list, err)
	d, err := openDevice(deviceNumber(t))
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	t.Logf("%s: instruction for int8 products %v, units for those of matrices %+v, buffers of %d MB", d.name, d.dot, d.tensor, d.bufferSize>>20)
}
