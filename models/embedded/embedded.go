// Package embedded carries the models that are part of the program lmz. Programs that bring their
// own models, or need none, do not import it, and are 6.6 MB smaller.
package embedded

import (
	_ "embed"

	"github.com/lmz-go/lmz/models"
)

//go:embed base-q8_0.gguf
var base []byte

//go:embed nano-q8_0.gguf
var nano []byte

// Models are the embedded models, for models.Options; the first one is the default. All of them are
// released ones.
func Models() []models.Embedded {
	return []models.Embedded{{Name: "base", GGUF: base}, {Name: "nano", GGUF: nano}}
}
