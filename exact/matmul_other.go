//go:build (!amd64 && !arm64) || purego

package exact

func machineKernels() []kernel { return nil }
