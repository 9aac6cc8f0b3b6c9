// Package models finds the language models that archives name, and owns the ones that are open.
//
// A model is named by the SHA-256 of its GGUF file. One model is embedded in the program (starter.md is its card);
// others are looked for in the files that the user gave, in $LMZ_MODEL_PATH and in the user's data folder. Only this
// package embeds a model, so programs that bring their own do not carry it.
package models

import (
	_ "embed"
	"encoding/hex"
)

//go:embed starter-q8_0.gguf
var embedded []byte

// embeddedSHA256 is the hash of embedded, written down so that starting the program does not compute it; a test compares.
var embeddedSHA256 = mustHash("c053b81672e7323dc63fc3180928802f8334c7220d067dfd9648176832f3fc38")

// EmbeddedName is the name under which Store.Open finds the embedded model.
const EmbeddedName = "embedded"

// Embedded is the GGUF file of the embedded model: shared, read only.
func Embedded() []byte { return embedded }

// EmbeddedSHA256 is the hash of Embedded.
func EmbeddedSHA256() [32]byte { return embeddedSHA256 }

func mustHash(s string) (sum [32]byte) {
	if n, err := hex.Decode(sum[:], []byte(s)); err != nil || n != len(sum) {
		panic("models: bad hash literal " + s)
	}
	return sum
}
