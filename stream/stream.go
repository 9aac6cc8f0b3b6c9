// Package stream reads and writes lmz archives: frames of independently coded chunks with checksums and an index
// (docs/FORMAT.md).
//
// A Writer cuts what is written to it into chunks and codes them in parallel, on workers × lanes; a Reader gives the bytes
// back in order, and an Archive any part of them. The bytes of an archive depend on the input, the model and the options that say so, never on the number of
// workers and lanes or on timing. Whatever a Reader returns has passed its checksum.
package stream

import (
	"github.com/lmz-go/lmz/internal/engine"
	"github.com/lmz-go/lmz/internal/preset"
)

// ModelSource finds the model whose file has id.SHA256 and opens it in the numeric class id.Class; id.Name is a hint for
// messages. The source owns what it returns. It is called once for each model that frames name.
type ModelSource = engine.ModelSource

// Default sizes, in bytes unless they say otherwise.
const (
	DefaultChunkSize      = 1 << 20        // of codec.Raw and codec.Zstd; that of codec.Mix rises with the level
	DefaultModelChunkSize = 64 << 10       // of codec.LM
	DefaultLevel          = preset.Default // of codec.Mix
	DefaultLanes          = 8              // per worker
	DefaultMemoryLimit    = 1 << 30
	DefaultCache          = 64 << 20 // of an Archive
)
