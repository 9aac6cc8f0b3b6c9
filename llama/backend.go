//go:build llama && cgo

package llama

// #include "bridge.h"
// #include <stdlib.h>
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// The state of libggml's registry, which the process has one of.
var registry struct {
	sync.Mutex
	backend Backend
	device  C.ggml_backend_dev_t // that models are loaded to; nil: the CPU
	loaded  bool
}

// Version is the version of libllama (llama_version).
func Version() string { return C.GoString(C.llama_version()) }

// LoadBackend binds the process to a numeric class by loading one of its plug-ins
// (ggml_backend_load); the empty class is the one that is loaded already, else DefaultClass. The
// error is a *ClassError when the CPU cannot run the class, no plug-in of it is found, or the
// process is bound to another class, and a *LibraryError when libllama is of another version than
// the classes or libggml has a device beside the CPU.
//
// Plug-ins are looked for in the folder $LMZ_GGML_BACKENDS if it is set, else beside the libggml
// that the process loaded.
func LoadBackend(class string) (Backend, error) {
	registry.Lock()
	defer registry.Unlock()
	if registry.loaded {
		if class == "" || class == registry.backend.Class {
			return registry.backend, nil
		}
		return Backend{}, &ClassError{Class: class, Loaded: registry.backend.Class,
			Reason: fmt.Sprintf("this process computes with %q already, and libggml holds one class per process",
				registry.backend.Class)}
	}
	initLog()
	if err := linked().check(); err != nil {
		return Backend{}, err
	}
	if err := withdrawn(class); err != nil {
		return Backend{}, err
	}
	if c, ok := parseGPUClass(class); ok {
		return bindGPU(c)
	}
	if reg := C.lmz_cpu_reg(); reg != nil {
		return bindBuiltin(reg, class)
	}
	if class == "" {
		class = DefaultClass()
	}
	c, ok := classNamed(class)
	switch {
	case !ok:
		return Backend{}, &ClassError{Class: class, Here: Classes(), Reason: "not known on " + runtime.GOARCH}
	case len(c.runnable()) == 0:
		return Backend{}, &ClassError{Class: class, Here: Classes(), Reason: "this CPU cannot run it"}
	}
	folders := pluginFolders()
	for _, p := range c.runnable() {
		for _, folder := range folders {
			path := filepath.Join(folder, "libggml-cpu-"+p.name+".so")
			if _, err := os.Stat(path); err == nil && loadPlugin(class, path) {
				return registry.backend, nil
			}
		}
	}
	return Backend{}, &ClassError{Class: class, Here: Classes(),
		Reason: fmt.Sprintf("libggml has no plug-in for it in %s%s", strings.Join(folders, ", "), takeReason())}
}

// linked is the libllama that the process has.
func linked() library {
	l := library{llama: Version(), ggml: C.GoString(C.ggml_version())}
	for i := range C.ggml_backend_dev_count() {
		d := C.ggml_backend_dev_get(i)
		l.devices = append(l.devices, device{
			cpu:         C.ggml_backend_dev_type(d) == C.GGML_BACKEND_DEVICE_TYPE_CPU,
			name:        C.GoString(C.ggml_backend_dev_name(d)),
			description: C.GoString(C.ggml_backend_dev_description(d)),
		})
	}
	return l
}

func classNamed(name string) (numericClass, bool) {
	table := classTable[runtime.GOARCH]
	i := slices.IndexFunc(table, func(c numericClass) bool { return c.name == name })
	if i < 0 {
		return numericClass{}, false
	}
	return table[i], true
}

// loadPlugin loads one plug-in; libggml itself refuses one that the CPU cannot run. The registry
// must be locked.
func loadPlugin(class, path string) bool {
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	if C.ggml_backend_load(cpath) == nil {
		return false
	}
	bind(Backend{Class: class, Path: path})
	return true
}

func bind(b Backend) {
	C.llama_backend_init()
	registry.backend, registry.loaded = b, true
}

// bindBuiltin takes the CPU backend of a libggml that was built without plug-ins: of one class
// only.
func bindBuiltin(reg C.ggml_backend_reg_t, class string) (Backend, error) {
	built := builtinClass(func(feature string) bool {
		name := C.CString(feature)
		defer C.free(unsafe.Pointer(name))
		return bool(C.lmz_cpu_feature(reg, name))
	})
	if class != "" && class != built {
		return Backend{}, &ClassError{Class: class, Here: []string{built},
			Reason: fmt.Sprintf("this libggml has no plug-ins and was built for %q", built)}
	}
	bind(Backend{Class: built})
	return registry.backend, nil
}

// builtinClass names the class that a backend with these features belongs to.
func builtinClass(has func(string) bool) string {
	for _, c := range []struct{ feature, class string }{
		{"AVX512", "avx512"}, {"AVX2", "avx2"}, {"AVX", "avx"}, {"SSE42", "sse42"}, {"DOTPROD", "dotprod"}, {"NEON", "armv8.0"},
	} {
		if has(c.feature) {
			return c.class
		}
	}
	return "x64"
}

// libraryFolder is where the libggml is that the process loaded.
func libraryFolder() string {
	lib := C.GoString(C.lmz_ggml_path())
	if real, err := filepath.EvalSymlinks(lib); err == nil {
		lib = real
	}
	return filepath.Dir(lib)
}

func pluginFolders() []string {
	if folder := os.Getenv("LMZ_GGML_BACKENDS"); folder != "" {
		return []string{folder}
	}
	dir := libraryFolder()
	folders, _ := filepath.Glob(filepath.Join(dir, "ggml", "backends*")) // Debian
	slices.Sort(folders)
	slices.Reverse(folders)
	return append(folders, dir, filepath.Join(dir, "..", "libexec"), filepath.Join(dir, "..", "bin"))
}
