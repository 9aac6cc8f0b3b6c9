package models

import (
	"encoding/hex"
	"slices"
)

// Released is a model file that was published for lmz. Archives name it by its hash, so it stays
// available for ever: it keeps its line in the table, its card NAME.md and its golden archives in
// testdata.
type Released struct {
	Name   string   // what users call it
	File   string   // name of the GGUF file
	SHA256 [32]byte // of the file
	// Probes has coder.Probe of the model by numeric class, as the engine of its golden archives
	// computes it.
	Probes map[string][8]byte
}

// released is the table, in the order of publication. "make golden" prints a new model's probes and
// writes its archives.
var released = []Released{
	{
		Name: "base", File: "base-q8_0.gguf",
		SHA256: mustHash("bf58e156b4eae1c1f9f5d09d51fea99bde22e509c26caa7e1e6e7dc2aeb16a18"),
		Probes: map[string][8]byte{
			"exact":   mustProbe("77655706a4fcf11a"),
			"sse42":   mustProbe("91186002bbe90b2b"),
			"avx2":    mustProbe("8959388f069b7d46"),
			"avx512":  mustProbe("a5e3a7a7153ad132"),
			"dotprod": mustProbe("fa3c932b63376e87"),
		},
	},
	{
		Name: "nano", File: "nano-q8_0.gguf",
		SHA256: mustHash("bca1578c7ffaf8fb1f0c3997a967e4a20eca6b4bd1bb6a37bfa1fc2ef2a8ae29"),
		Probes: map[string][8]byte{
			"exact":   mustProbe("cccb7e319ef5ea66"),
			"sse42":   mustProbe("80c7b79aa6f2e449"),
			"avx2":    mustProbe("4a860a2e136be7d8"),
			"avx512":  mustProbe("d3524b1f98ff36f0"),
			"dotprod": mustProbe("420331683aaf78d9"),
		},
	},
}

// ReleasedModels lists the released models, the first one first.
func ReleasedModels() []Released { return slices.Clone(released) }

// ReleasedWith is the released model whose file has this hash.
func ReleasedWith(sum [32]byte) (Released, bool) {
	return findReleased(func(r Released) bool { return r.SHA256 == sum })
}

// ReleasedAs is the released model whose file has this name.
func ReleasedAs(file string) (Released, bool) {
	return findReleased(func(r Released) bool { return r.File == file })
}

func releasedNamed(name string) (Released, bool) {
	return findReleased(func(r Released) bool { return r.Name == name })
}

func findReleased(match func(Released) bool) (Released, bool) {
	i := slices.IndexFunc(released, match)
	if i < 0 {
		return Released{}, false
	}
	return released[i], true
}

func mustHash(s string) [32]byte { return [32]byte(mustHex(s, 32)) }
func mustProbe(s string) [8]byte { return [8]byte(mustHex(s, 8)) }

func mustHex(s string, size int) []byte {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != size {
		panic("models: bad literal " + s)
	}
	return b
}
