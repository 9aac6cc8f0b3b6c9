//go:build llama && cgo && linux

package llama

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeignLibrary lets the dynamic linker put functions in front of libllama's own, as another
// version of it and a libggml with BLAS would have them.
func TestForeignLibrary(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"as it is": {"int unused;", "<nil>"},
		"version":  {`const char *llama_version(void) { return "0.7.1"; }`, "found libllama 0.7.1 with libggml " + libggmlVersion},
		"libggml":  {`const char *ggml_version(void) { return "0.27.1"; }`, "found libllama " + libllamaVersion + " with libggml 0.27.1"},
		"BLAS": {`#include <stddef.h>
			size_t ggml_backend_dev_count(void) { return 1; }
			void *ggml_backend_dev_get(size_t i) { static int blas; (void)i; return &blas; }
			int ggml_backend_dev_type(void *d) { (void)d; return 3; }
			const char *ggml_backend_dev_name(void *d) { (void)d; return "BLAS"; }
			const char *ggml_backend_dev_description(void *d) { (void)d; return "OpenBLAS"; }`, "found libggml with the device BLAS (OpenBLAS)"},
	} {
		if got := withFunctions(t, c.source); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// withFunctions is what the child says with the functions of a C source preloaded.
func withFunctions(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	file, lib := filepath.Join(dir, "front.c"), filepath.Join(dir, "front.so")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", lib, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), libraryEnv+"=1", "LD_PRELOAD="+lib)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}
