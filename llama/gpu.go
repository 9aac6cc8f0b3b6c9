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
	"unsafe"
)

// Devices lists the GPUs that this machine can compute with, of all plug-ins that scripts/setup-gpu
// has unpacked, or those whose class has name in it. It loads and unloads the plug-ins; Vulkan's
// then knows no other drivers for the rest of the process, so the software device, if name begins
// its family, is found without.
func Devices(name string) (devices []Device) {
	registry.Lock()
	defer registry.Unlock()
	if bound, ok := parseGPUClass(registry.backend.Class); ok {
		devices = registered(bound.backend)
	} else {
		initLog()
		for _, backend := range gpuBackends {
			if path := gpuPlugin(backend); path != "" {
				devices = append(devices, devicesOf(backend, path, name)...)
			}
		}
	}
	return slices.DeleteFunc(devices, func(d Device) bool { return !strings.Contains(d.Backend+"-"+d.Family, name) })
}

// devicesOf lists those of one plug-in, which is not loaded.
func devicesOf(backend, path, name string) (devices []Device) {
	hasSoftware := softwareDriver(path) != ""
	if name == "" || !hasSoftware || !strings.HasPrefix(software, strings.TrimPrefix(name, backend+"-")) {
		if reg := loadGPU(path); reg != nil {
			devices = registered(backend)
			C.ggml_backend_unload(reg)
		}
	}
	if hasSoftware && !slices.ContainsFunc(devices, Device.Software) {
		devices = append(devices, Device{Backend: backend, Family: software, Description: "Mesa's Vulkan on the CPU"})
	}
	return devices
}

// registered lists the GPUs of the one plug-in that is loaded.
func registered(backend string) (all []Device) {
	for _, d := range registeredDevices(backend) {
		all = append(all, d.Device)
	}
	return all
}

type registeredDevice struct {
	Device
	c C.ggml_backend_dev_t
}

func registeredDevices(backend string) (all []registeredDevice) {
	for i := range C.ggml_backend_dev_count() {
		d := C.ggml_backend_dev_get(i)
		if kind := C.ggml_backend_dev_type(d); kind != C.GGML_BACKEND_DEVICE_TYPE_GPU && kind != C.GGML_BACKEND_DEVICE_TYPE_IGPU {
			continue
		}
		description := C.GoString(C.ggml_backend_dev_description(d))
		all = append(all, registeredDevice{Device{Backend: backend, Family: familyOf(description), Description: description}, d})
	}
	return all
}

// bindGPU binds the process to a class of a GPU. What libllama leaves to the CPU, the embedding of
// tokens, is computed by the plainest plug-in, which has the same bits on every CPU. The registry
// must be locked.
func bindGPU(c gpuClass) (Backend, error) {
	path := gpuPlugin(c.backend)
	if path == "" {
		return Backend{}, &ClassError{Class: c.String(), Here: Classes(),
			Reason: fmt.Sprintf("libggml has no plug-in libggml-%s.so in %s", c.backend, strings.Join(gpuFolders(), ", ")),
			remedy: fmt.Sprintf("set it up with make gpu GPU=%s, on a machine that has such a device", c.backend)}
	}
	if driver := softwareDriver(path); c.family == software && driver != "" {
		for name, value := range map[string]string{"VK_DRIVER_FILES": driver, "GGML_VK_VISIBLE_DEVICES": "0"} {
			if os.Getenv(name) == "" {
				os.Setenv(name, value)
			}
		}
	}
	reg := loadGPU(path)
	for _, d := range registeredDevices(c.backend) {
		if d.Family == c.family {
			if err := loadPlainest(c); err != nil {
				C.ggml_backend_unload(reg)
				return Backend{}, err
			}
			registry.device = d.c
			bind(Backend{Class: c.String(), Path: path, Device: d.Description, Lanes: c.lanes})
			return registry.backend, nil
		}
	}
	here := Classes()
	for _, d := range registered(c.backend) {
		here = append(here, d.Class(c.lanes))
	}
	if c.family != software && softwareDriver(path) != "" {
		here = append(here, gpuClass{c.backend, software, c.lanes}.String())
	}
	if reg != nil {
		C.ggml_backend_unload(reg)
	}
	return Backend{}, &ClassError{Class: c.String(), Here: here,
		Reason: fmt.Sprintf("this machine has no device %s for %s%s", c.family, c.backend, takeReason())}
}

// loadPlainest loads the CPU plug-in beside a GPU's, unless libggml has it built in.
func loadPlainest(c gpuClass) error {
	if C.lmz_cpu_reg() != nil {
		return nil
	}
	if classes := classTable[runtime.GOARCH]; len(classes) > 0 {
		for _, folder := range pluginFolders() {
			path := filepath.Join(folder, "libggml-cpu-"+classes[0].plugins[0].name+".so")
			if _, err := os.Stat(path); err == nil && loadGPU(path) != nil {
				return nil
			}
		}
	}
	return &ClassError{Class: c.String(), Reason: "libggml has no plug-in for the CPU in " + strings.Join(pluginFolders(), ", ")}
}

// loadGPU is ggml_backend_load.
func loadGPU(path string) C.ggml_backend_reg_t {
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	return C.ggml_backend_load(cpath)
}

// gpuPlugin is the file of a back end's plug-in, or empty.
func gpuPlugin(backend string) string {
	for _, folder := range gpuFolders() {
		path := filepath.Join(folder, "libggml-"+backend+".so")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// softwareDriver is the file that names Mesa's driver, which scripts/setup-gpu puts beside the
// plug-in for Vulkan, or empty.
func softwareDriver(plugin string) string {
	path := filepath.Join(filepath.Dir(plugin), "lvp_icd.json")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// gpuFolders are those of scripts/setup-gpu, or where scripts/install-tree put them, then those of
// the CPU's plug-ins.
func gpuFolders() (folders []string) {
	for _, where := range []string{filepath.Join("..", "..", "llama.cpp-*", "lib"), "gpu-*"} {
		found, _ := filepath.Glob(filepath.Join(libraryFolder(), where))
		folders = append(folders, found...)
	}
	return append(folders, pluginFolders()...)
}
