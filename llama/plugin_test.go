//go:build llama && cgo

package llama

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestClassesGroupPlugins runs every plug-in that this CPU can run, each in a process of its own:
// within a class all models have the same logits, and no two classes have.
func TestClassesGroupPlugins(t *testing.T) {
	if len(pluginFiles(t)) == 0 {
		t.Skip("this libggml has its CPU backend built in")
	}
	byHashes := map[string]string{} // output of the child -> class
	for _, class := range classTable[runtime.GOARCH] {
		var want string
		for _, p := range class.runnable() {
			path, ok := pluginFiles(t)[p.name]
			if !ok {
				t.Errorf("class %s: no plug-in %s", class.name, p.name)
				continue
			}
			got := runChild(t, class.name, path)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("class %s: plug-in %s gives other logits than %s:\n%s", class.name, p.name, class.plugins[0].name,
					differingLines(got, want))
			}
		}
		if other, ok := byHashes[want]; ok && want != "" {
			t.Errorf("classes %s and %s give the same logits", class.name, other)
		}
		byHashes[want] = class.name
	}
}

func pluginFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, folder := range pluginFolders() {
		found, err := filepath.Glob(filepath.Join(folder, "libggml-cpu-*.so"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			files[strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "libggml-cpu-"), ".so")] = path
		}
	}
	return files
}

func runChild(t *testing.T, class, path string, env ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childEnv+"="+class+":"+path), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if lines := strings.Count(string(out), "\n"); lines != len(specs()) {
		t.Fatalf("%s: %d hashes for %d models", path, lines, len(specs()))
	}
	return string(out)
}

func differingLines(got, want string) string {
	var names []string
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range w {
		if i >= len(g) || g[i] != w[i] {
			name, _, _ := strings.Cut(w[i], " ")
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// TestClassIgnoresLibmVariant: libm picks its functions by CPU too, so a plain class must give the
// same logits on a new CPU as on an old one, which GLIBC_TUNABLES imitates.
func TestClassIgnoresLibmVariant(t *testing.T) {
	path, ok := pluginFiles(t)["sse42"]
	if class, known := classNamed("sse42"); !ok || !known || len(class.runnable()) == 0 {
		t.Skip("no plug-in sse42")
	}
	old := runChild(t, "sse42", path, "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-FMA,-FMA4")
	if differ := differingLines(old, runChild(t, "sse42", path)); strings.TrimSpace(differ) != "" {
		t.Errorf("logits depend on the variant of libm: %s", differ)
	}
}
