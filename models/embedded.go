// Package models finds the language models that archives name, and owns the ones that are open.
//
// A model is named by the SHA-256 of its GGUF file. Some of the released models are embedded in the program; others are
// looked for in the files that the user gave, in $LMZ_MODEL_PATH and in the user's data folder. Only this package embeds
// models, so programs that bring their own do not carry them.
package models

import (
	_ "embed"
	"slices"
)

//go:embed base-q8_0.gguf
var base []byte

//go:embed nano-q8_0.gguf
var nano []byte

// embedded are the models in the program, the default one first. Their hashes are in the table of released models, where
// each of them must be.
var embedded = []struct {
	name string
	gguf []byte
}{
	{"base", base},
	{"nano", nano},
}

// EmbeddedName is the name under which Store.Open finds the default embedded model, whichever that is; each embedded model
// has its own name besides.
const EmbeddedName = "embedded"

// Embedded is the GGUF file of the default embedded model: shared, read only.
func Embedded() []byte { return embedded[0].gguf }

// EmbeddedSHA256 is the hash of Embedded.
func EmbeddedSHA256() [32]byte { return EmbeddedFile("").embeddedSHA256() }

// EmbeddedNames are the names of the embedded models, that of the default one first.
func EmbeddedNames() []string {
	var names []string
	for _, m := range embedded {
		names = append(names, m.name)
	}
	return names
}

// IsEmbeddedName reports whether a name means an embedded model, and so neither a file nor a folder.
func IsEmbeddedName(name string) bool {
	return name == EmbeddedName || slices.Contains(EmbeddedNames(), name)
}

// embeddedWith is the embedded model with this hash.
func embeddedWith(sum [32]byte) (File, bool) {
	for _, name := range EmbeddedNames() {
		if f := EmbeddedFile(name); f.embeddedSHA256() == sum {
			return f, true
		}
	}
	return File{}, false
}
