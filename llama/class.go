package llama

import (
	"runtime"
	"slices"
	"strings"

	"github.com/klauspost/cpuid/v2"
)

// DefaultClass is the numeric class that archives get unless asked otherwise: what nearly every
// machine of the architecture can compute, if the CPU can run it; else the fastest. It is empty on
// an architecture without plug-ins.
func DefaultClass() string {
	classes := Classes()
	for _, class := range []string{"avx2", "dotprod"} {
		if slices.Contains(classes, class) {
			return class
		}
	}
	if len(classes) == 0 {
		return ""
	}
	return classes[len(classes)-1]
}

// Classes lists the numeric classes that this CPU can run, the plainest first. A class is a set of
// libggml's CPU plug-ins that give the same bits (docs/DETERMINISM.md).
func Classes() []string {
	var names []string
	for _, c := range classTable[runtime.GOARCH] {
		if len(c.runnable()) > 0 {
			names = append(names, c.name)
		}
	}
	return names
}

// Backend is libggml's plug-in that this process computes with.
type Backend struct {
	Class  string
	Path   string // of the plug-in; empty when libggml has its CPU backend built in
	Device string // the GPU, as libggml describes it; empty: the CPU
	Lanes  int    // that are always computed together; 0: any number has the same bits
}

type numericClass struct {
	name    string
	plugins []plugin // fastest first
}

// plugin is the file libggml-cpu-NAME.so and the CPU features that it was compiled for, as listed
// by ggml's src/CMakeLists.txt (ggml_add_cpu_backend_variant).
type plugin struct {
	name  string
	needs []cpuid.FeatureID
}

// runnable lists the plug-ins of the class that the CPU has all features for.
func (c numericClass) runnable() []plugin {
	return slices.DeleteFunc(slices.Clone(c.plugins), func(p plugin) bool { return !cpuid.CPU.Supports(p.needs...) })
}

func features(base []cpuid.FeatureID, more ...cpuid.FeatureID) []cpuid.FeatureID {
	return append(slices.Clone(base), more...)
}

var (
	sse42  = []cpuid.FeatureID{cpuid.SSE42}
	avx2   = features(sse42, cpuid.AVX, cpuid.F16C, cpuid.FMA3, cpuid.AVX2, cpuid.BMI2)
	avx512 = features(avx2, cpuid.AVX512F, cpuid.AVX512CD, cpuid.AVX512VL, cpuid.AVX512DQ, cpuid.AVX512BW)
)

// classTable holds the plug-ins that were measured to agree (exact_test.go). Plug-ins that do not
// fit a class are left out: sapphirerapids (AMX tiles) and piledriver. The arm64 classes have one
// plug-in each, because which of them agree has not been measured; their weights are not repacked.
var classTable = map[string][]numericClass{
	"amd64": {
		{"x64", []plugin{{"x64", nil}}},
		{"sse42", []plugin{{"sse42", sse42}}},
		{"avx", []plugin{
			{"ivybridge", features(sse42, cpuid.AVX, cpuid.F16C)},
			{"sandybridge", features(sse42, cpuid.AVX)},
		}},
		{"avx2", []plugin{
			{"alderlake", features(avx2, cpuid.AVXVNNI)},
			{"haswell", avx2},
		}},
		{"avx512", []plugin{
			{"zen4", features(avx512, cpuid.AVX512VBMI, cpuid.AVX512VNNI, cpuid.AVX512BF16)},
			{"cooperlake", features(avx512, cpuid.AVX512VNNI, cpuid.AVX512BF16)},
			{"icelake", features(avx512, cpuid.AVX512VBMI, cpuid.AVX512VNNI)},
			{"cascadelake", features(avx512, cpuid.AVX512VNNI)},
			{"cannonlake", features(avx512, cpuid.AVX512VBMI)},
			{"skylakex", avx512},
		}},
	},
	"arm64": {
		{"armv8.0", []plugin{{"armv8.0_1", nil}}},
		{"dotprod", []plugin{{"armv8.2_1", []cpuid.FeatureID{cpuid.ASIMDDP}}}},
	},
}

// withdrawn refuses a class that broke the contract of lm.Model.
func withdrawn(class string) error {
	const asIs = "; an archive of it can be read by the lmz that wrote it alone, if at all"
	switch {
	case class == "armv8.2":
		return &ClassError{Class: class, Reason: "it is withdrawn, since its logits depended on the number of lanes",
			remedy: "compress in another class, on ARM dotprod" + asIs}
	case strings.HasPrefix(class, "cuda-"):
		return &ClassError{Class: class, Reason: "classes of CUDA are withdrawn, since an archive of one did not come back",
			remedy: "compress in class exact or one of Vulkan, which compute on the same GPUs" + asIs}
	}
	return nil
}
