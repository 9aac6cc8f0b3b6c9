// Package stream reads and writes lmz archives: frames of independently coded chunks with checksums
// and an index (docs/FORMAT.md).
//
// A Writer cuts what is written to it into chunks and codes them in parallel, on workers × lanes; a
// Reader gives the bytes back in order, and an Archive any part of them. The bytes of an archive
// depend on the input, the model and the options that say so, never on the number of workers and
// lanes or on timing. Whatever a Reader returns has passed its checksum.
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
