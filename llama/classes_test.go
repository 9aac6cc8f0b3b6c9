package llama

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/cpuid/v2"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
)

func TestClasses(t *testing.T) {
	classes := Classes()
	if _, known := classTable[runtime.GOARCH]; !known {
		if len(classes) != 0 || DefaultClass() != "" {
			t.Errorf("classes on an unknown architecture: %v", classes)
		}
		return
	}
	if !slices.Contains(classes, DefaultClass()) {
		t.Errorf("classes are %v, default %q", classes, DefaultClass())
	}
	if runtime.GOARCH != "amd64" {
		return
	}
	if classes[0] != "x64" {
		t.Errorf("the plainest class is %q", classes[0])
	}
	for class, needs := range map[string]bool{
		"avx2":   cpuid.CPU.Supports(cpuid.AVX2, cpuid.FMA3, cpuid.F16C, cpuid.BMI2),
		"avx512": cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512CD, cpuid.AVX512VL, cpuid.AVX512DQ, cpuid.AVX512BW, cpuid.FMA3),
	} {
		if slices.Contains(classes, class) != needs {
			t.Errorf("class %s is listed: %v; the CPU can run it: %v", class, !needs, needs)
		}
	}
}

// TestClassTable: every class has a plug-in that every CPU of the class can run, listed last.
func TestClassTable(t *testing.T) {
	for arch, table := range classTable {
		names := map[string]bool{}
		for _, c := range table {
			plain := c.plugins[len(c.plugins)-1]
			for _, p := range c.plugins {
				if names[p.name] {
					t.Errorf("%s: plug-in %s is in two classes", arch, p.name)
				}
				names[p.name] = true
				for _, need := range plain.needs {
					if !slices.Contains(p.needs, need) {
						t.Errorf("%s: %s can run where %s cannot, for %v", arch, p.name, plain.name, need)
					}
				}
			}
		}
	}
}

// TestWithdrawn: classes that broke their contract are none any more, and say so everywhere.
func TestWithdrawn(t *testing.T) {
	for arch, table := range classTable {
		for _, c := range table {
			if err := withdrawn(c.name); err != nil {
				t.Errorf("%s: %v", arch, err)
			}
		}
	}
	for name, instead := range map[string]string{"armv8.2": "dotprod", "cuda-nvidia-h200-L63": "Vulkan"} {
		err := withdrawn(name)
		var class *ClassError
		if !errors.As(err, &class) || class.Class != name || !strings.Contains(class.Hint(), instead) {
			t.Error(err)
		}
		if Version() == "" {
			continue
		}
		if _, err := LoadBackend(name); !errors.As(err, &class) || !strings.Contains(err.Error(), "withdrawn") {
			t.Error(err)
		}
	}
}

func TestNotBuilt(t *testing.T) {
	if Version() != "" {
		t.Skip("built with libllama")
	}
	if _, err := Open(context.Background(), "x.gguf", ""); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("Open: %v", err)
	}
	model := gguftest.New(gguftest.Spec{Arch: "llama", Type: gguf.Q8_0}).Bytes()
	for _, c := range []struct {
		data        []byte
		class, want string
	}{
		{model, "avx2", "model random llama Q8_0 in numeric class avx2: built without libllama"},
		{nil, "avx2", "model in memory in numeric class avx2: built without libllama"},
		{nil, "a\x1bb", `model in memory in numeric class a\x1bb: built without libllama`},
	} {
		if _, err := OpenBytes(context.Background(), c.data, c.class); !errors.Is(err, ErrNotBuilt) || err.Error() != c.want {
			t.Errorf("OpenBytes: %v; want %s", err, c.want)
		}
	}
	var class *ClassError
	if _, err := Open(context.Background(), "x.gguf", "armv8.2"); !errors.As(err, &class) {
		t.Errorf("withdrawn class: %v", err)
	}
	if _, err := LoadBackend(""); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("LoadBackend: %v", err)
	}
	if err := Quantize("a", "b", "Q8_0"); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("Quantize: %v", err)
	}
}
