//go:build linux && (amd64 || arm64)

package gpu

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/lmz-go/lmz/exact"
)

// deviceNumber is the device that is tested: DEVICE of those that there are, or the first. Devices
// that are processors in disguise are slow, and tested if REQUIRE_DEVICE is set, which also fails
// tests where there is no device.
func deviceNumber(t testing.TB) int {
	t.Helper()
	required := os.Getenv("REQUIRE_DEVICE") != ""
	v, err := instance()
	var list []physical
	if err == nil {
		list, err = v.physicals()
	}
	n, _ := strconv.Atoi(os.Getenv("DEVICE"))
	switch {
	case required && (err != nil || n >= len(list)):
		t.Fatalf("device %d of %d: %v", n, len(list), err)
	case required:
	case err != nil || n >= len(list):
		t.Skipf("device %d of %d: %v", n, len(list), err)
	case list[n].properties.kind == typeCPU:
		t.Skipf("%s is a processor", list[n].name())
	}
	return n
}

func released(t testing.TB, name string) *exact.Model {
	folder := "embedded"
	if name == "large" {
		folder = name
	}
	m, err := exact.Open(context.Background(), filepath.Join("..", "..", "models", folder, name+"-q8_0.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustOpen(t testing.TB, m *exact.Model) *Model { return mustOpenBy(t, m, true) }

func mustOpenBy(t testing.TB, m *exact.Model, dot bool) *Model {
	t.Helper()
	g, err := open(context.Background(), m, deviceNumber(t), dot)
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
	t.Logf("%s: instruction for int8 products %v, buffers of %d MB, %d KB shared, %d queues", d.name, d.dot, d.bufferSize>>20, d.shared>>10, len(d.queues))
	if d.shared < 16<<10 || d.shared > 1<<20 { // Vulkan asks for the first; the place of the field is ours to know
		t.Errorf("%d bytes of shared memory", d.shared)
	}
}
