package models

import (
	"encoding/hex"
	"slices"
)

// Released is a model file that was published for lmz. Archives name it by its hash, so it stays available for ever: it
// keeps its line in the table, its card NAME.md and its golden archives in testdata.
type Released struct {
	Name   string   // what users call it
	File   string   // name of the GGUF file
	SHA256 [32]byte // of the file
	// Probes has codec.Probe of the model by numeric class, as the libllama of its golden archives computes it.
	Probes map[string][8]byte
}

// released is the table, in the order of publication. "make golden" prints a new model's probes and writes its archives.
var released = []Released{
	{
		Name: "starter", File: "starter-q8_0.gguf",
		SHA256: mustHash("c053b81672e7323dc63fc3180928802f8334c7220d067dfd9648176832f3fc38"),
		Probes: map[string][8]byte{
			"sse42":  mustProbe("2da74877e15a5300"),
			"avx2":   mustProbe("5dcc080941b51036"),
			"avx512": mustProbe("50eef4b6b3ad523d"),
		},
	},
	{
		Name: "base", File: "base-q8_0.gguf",
		SHA256: mustHash("600d0adad396b60af8e37bf19ddf5367eaf218dd28666ad2ae7671fd43204e97"),
		Probes: map[string][8]byte{
			"sse42":  mustProbe("d5a1a1b2da8fa92a"),
			"avx2":   mustProbe("f1fb7dad30e20ccb"),
			"avx512": mustProbe("3ba8797e96e77df3"),
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
