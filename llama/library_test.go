package llama

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestLibrary(t *testing.T) {
	cpu := device{true, "CPU", "Xeon"}
	good := library{libllamaVersion, libggmlVersion, []device{cpu}}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	if err := (library{libllamaVersion, libggmlVersion, nil}).check(); err != nil {
		t.Errorf("before a plug-in is loaded: %v", err)
	}
	for name, c := range map[string]struct {
		library
		found, remedy string
	}{
		"libllama": {library{"0.5.0", libggmlVersion, []device{cpu}}, "libllama 0.5.0 with libggml " + libggmlVersion, "with make"},
		"libggml":  {library{libllamaVersion, "0.28.0", nil}, "libllama " + libllamaVersion + " with libggml 0.28.0", "with make"},
		"BLAS": {library{libllamaVersion, libggmlVersion, []device{{false, "BLAS", "Open\x1bBLAS"}, cpu}}, `device BLAS (Open\x1bBLAS)`,
			"-DGGML_BLAS=OFF"},
		"GPU": {library{libllamaVersion, libggmlVersion, []device{cpu, {false, "Vulkan0", "a card"}}}, "device Vulkan0 (a card)", "-DGGML_BLAS=OFF"},
	} {
		err := c.check()
		var fault *LibraryError
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.found) || !strings.Contains(fault.Hint(), c.remedy) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLockedVersions: the set-up fetches the versions that are compiled in.
func TestLockedVersions(t *testing.T) {
	lock, err := os.ReadFile("../third_party/llama.lock")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, version string }{
		{"libllama0", libllamaVersion}, {"libllama-dev", libllamaVersion}, {"libggml0", libggmlVersion}, {"libggml-dev", libggmlVersion},
	} {
		locked := regexp.MustCompile(`(?m)^(amd64|arm64) `+c.file+` (\d+:)?([0-9.]+)`).FindAllStringSubmatch(string(lock), -1)
		if len(locked) != 2 {
			t.Errorf("%s is locked %d times", c.file, len(locked))
		}
		for _, l := range locked {
			if l[3] != c.version {
				t.Errorf("%s %s is locked for %s, compiled in is %s", c.file, l[3], l[1], c.version)
			}
		}
	}
}
