// Package stream reads and writes lmz archives: frames of independently coded chunks with checksums
// and an index (docs/FORMAT.md).
//
// A Writer writes a frame, a Reader gives the content of an archive in order, and an Archive any
// part of it, by bytes, lines or patterns. The bytes of an archive depend on the input, the model
// and the options that say so, never on the number of workers and lanes or on timing. Whatever is
// read has passed its checksum.
//
// A chunk goes in like this: the Writer cuts it off (cut.go), has it coded by a pool of workers ×
// lanes (encode_task.go), has it decoded again if that was asked for (verifier.go), and writes its
// record when its turn comes. It comes out in two ways: a Reader reads records ahead of what it
// gives out (source.go); an Archive looks its record up in the index (archive_frame.go), or among
// what is left of a damaged group (archive_salvage.go), and asks filters first where it searches
// (search.go). Both have an Engine of package engine decode it.
package stream

import (
	"github.com/lmz-go/lmz/internal/engine"
)

// ModelSource finds the model whose file has id.SHA256 and opens it in the numeric class id.Class;
// id.Name is a hint for messages. The source owns what it returns. It is called once for each model
// that frames name.
type ModelSource = engine.ModelSource

const (
	defaultMemoryLimit = 1 << 30  // bytes
	defaultCache       = 64 << 20 // bytes, of an Archive
)
