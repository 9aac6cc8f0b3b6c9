// Package stream reads and writes lmz archives: frames of independently coded chunks with checksums and an index
// (docs/FORMAT.md).
//
// A Writer cuts what is written to it into chunks and codes them in parallel, on workers × lanes; a Reader gives the bytes
// back in order, and an Archive any part of them. The bytes of an archive depend on the input, the model and the options that say so, never on the number of
// workers and lanes or on timing. Whatever a Reader returns has passed its checksum.
package stream

import "github.com/lmz-go/lmz/internal/engine"

// ModelSource finds the model whose file has id.SHA256 and opens it in the numeric class id.Class; id.Name is a hint for
// messages. The source owns what it returns. It is called once for each model that frames name.
type ModelSource = engine.ModelSource

// Default sizes, in bytes unless they say otherwise.
const (
	DefaultChunkSize      = 1 << 20  // of codec.Raw and codec.Zstd; that of codec.Mix rises with the level
	DefaultModelChunkSize = 64 << 10 // of codec.LM
	DefaultLevel          = 6        // of codec.Mix
	DefaultLanes          = 8        // per worker
	DefaultMemoryLimit    = 1 << 30
	DefaultCache          = 64 << 20 // of an Archive
)

// alwaysLevel is the level of codec.Mix from which on the model, if there is one, is used however little it saves.
const alwaysLevel = 9

// mixChunkSize is the default chunk size of codec.Mix, in bytes.
func mixChunkSize(level int) int {
	switch {
	case level <= 6:
		return 8 << 20
	case level <= 8:
		return 16 << 20
	}
	return 64 << 20
}

// DefaultPrimerSize is the size of the primer of codec.Mix that fits chunks of this size, in bytes. Small chunks have little but
// their primer to learn from.
func DefaultPrimerSize(chunkSize int) int {
	if chunkSize < 1<<20 {
		return 1 << 20
	}
	return 256 << 10
}
