//go:build linux && (amd64 || arm64)

package gpu

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The SPIR-V that is stored is what the sources give, with the version of the compiler that
// compilers.txt names for each.
func TestShaders(t *testing.T) {
	if _, err := exec.LookPath("glslangValidator"); err != nil {
		if os.Getenv("REQUIRE_DEVICE") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	stored, err := os.ReadFile("shaders/compilers.txt")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	made, err := exec.Command("shaders/compile", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for line := range strings.Lines(string(made)) {
		if !strings.Contains(string(stored), line) {
			continue // the output of another version differs
		}
		compared++
		_, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		got, err := os.ReadFile(filepath.Join(dir, name+".spv"))
		if err != nil {
			t.Fatal(err)
		}
		if want, err := os.ReadFile("shaders/" + name + ".spv"); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s.spv is not what the source gives: make shaders (%v)", name, err)
		}
	}
	if version, _, _ := strings.Cut(string(made), " "); compared == 0 {
		t.Skipf("glslang %s compiled none of what is stored", version)
	}
}
