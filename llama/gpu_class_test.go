package llama

import "testing"

func TestGPUClassNames(t *testing.T) {
	for _, c := range []struct {
		name string
		want gpuClass
	}{
		{"vulkan-llvmpipe-L7", gpuClass{"vulkan", "llvmpipe", 7}},
		{"vulkan-nvidia-h100-80gb-hbm3-L255", gpuClass{"vulkan", "nvidia-h100-80gb-hbm3", 255}},
	} {
		if got, ok := parseGPUClass(c.name); !ok || got != c.want || got.String() != c.name {
			t.Errorf("%s: %+v, %v", c.name, got, ok)
		}
	}
	for _, name := range []string{"", "avx2", "exact", "vulkan", "vulkan-", "vulkan-L7", "vulkan-x", "vulkan-x-L0", "vulkan-x-L256", "vulkan-x-L07",
		"vulkan-x-L-1", "vulkan-x-L+7", "vulkan-x-L7 ", "vulkan-X-L7", "vulkan-../x-L7", "vulkan--x-L7", "vulkan-x--L7", "blas-x-L7"} {
		if c, ok := parseGPUClass(name); ok {
			t.Errorf("%q is %+v", name, c)
		}
	}
	for description, want := range map[string]string{
		"llvmpipe (LLVM 21.1.8, 256 bits)":               "llvmpipe",
		"NVIDIA H100 80GB HBM3":                          "nvidia-h100-80gb-hbm3",
		"AMD Radeon RX 7900 XTX (RADV NAVI31)":           "amd-radeon-rx-7900-xtx",
		"  Apple M3\x1b[1m":                              "apple-m3-1m",
		"a very long name of a device that has 40 more ": "a-very-long-name-of-a-device-that-has-40",
		"(none)": "",
	} {
		if got := familyOf(description); got != want {
			t.Errorf("%q: %q, want %q", description, got, want)
		}
	}
	if got := (Device{Backend: "vulkan", Family: "llvmpipe"}).Class(7); got != "vulkan-llvmpipe-L7" {
		t.Error(got)
	}
}
