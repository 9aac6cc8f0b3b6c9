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

	apart bool // it is not part of the program
}

// from says where the file can be had.
func (r Released) from() string {
	if !r.apart {
		return ""
	}
	return ", which lmz's releases have, and its source in models/" + r.Name + " (scripts/get-model " + r.Name + ")"
}

// released is the table, in the order of publication. "make golden" prints a new model's probes and
// writes its archives.
var released = []Released{
	{
		Name: "base", File: "base-q8_0.gguf",
		SHA256: mustHash("c01b97c347fdfeb4a3a959b6640bbbbc638afcecb08f637c852f28b2e193ed59"),
		Probes: map[string][8]byte{
			"exact":   mustProbe("aedd41d15860f072"),
			"sse42":   mustProbe("0614f5d383382461"),
			"avx2":    mustProbe("ee30fc764e05d749"),
			"avx512":  mustProbe("8ea562764d52a07d"),
			"dotprod": mustProbe("ed92749aabdef2ea"),
		},
	},
	{
		Name: "large", File: "large-q8_0.gguf", apart: true,
		SHA256: mustHash("6ab40ca4786e98222ca8fc5477a209493cf82e4099d73ad7ae5efc5259973a4a"),
		Probes: map[string][8]byte{
			"exact": mustProbe("edad0e5b7103b4b7"),
		},
	},
	{
		Name: "nano", File: "nano-q8_0.gguf",
		SHA256: mustHash("383245345143dcb79967aa787d1c1afa1d486a7f96b7338a8c9bcd21fab26e33"),
		Probes: map[string][8]byte{
			"exact":   mustProbe("0169d9aeeadb7412"),
			"sse42":   mustProbe("5015c77c17a94854"),
			"avx2":    mustProbe("63aa13d63d0cf4cb"),
			"avx512":  mustProbe("c9092aa1fb92be32"),
			"dotprod": mustProbe("92e424cf6ff36e3c"),
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
