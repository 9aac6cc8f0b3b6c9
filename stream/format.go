package stream

import (
	"io"

	"github.com/lmz-go/lmz/internal/format"
)

// Errors of reading; others are in errors.go.
var (
	// ErrNotArchive says that the input does not begin with the magic of an lmz archive.
	ErrNotArchive = format.ErrNotArchive
	// ErrUnsupportedVersion says that the archive needs a newer reader: its version, or a mandatory
	// field, is unknown.
	ErrUnsupportedVersion = format.ErrUnsupportedVersion
	// ErrCorrupt says that bytes of the archive are not the ones that were written.
	ErrCorrupt = format.ErrCorrupt
	// ErrTruncated says that the archive ends too early. What was returned before it is complete.
	// To errors.Is it is io.ErrUnexpectedEOF, too.
	ErrTruncated = format.ErrTruncated
	// ErrUnfinished is an ErrTruncated between two records: the archive is being written, or its
	// writer was stopped behind a Flush. All that was flushed is intact.
	ErrUnfinished = format.ErrUnfinished
	// ErrTooLarge says that reading the archive needs more memory than allowed.
	ErrTooLarge = format.ErrTooLarge
)

type (
	// ChunkError says which chunk could not be read.
	ChunkError = format.ChunkError
	// Header is what a frame says about all of its chunks.
	Header = format.Header
	// Frame is what can be said about a frame of an archive without decoding it.
	Frame = format.Frame
	// Chunk is one chunk of a frame.
	Chunk = format.Chunk
)

// ReadIndex lists the frames and chunks of the archive of size bytes in r without decoding it. It
// reads the head of each chunk, and all of a frame that has no index or disagrees with it; there,
// it makes sure that each chunk is intact. With an error it returns what comes before the place
// that is wrong: for an archive that is being written, or was cut off, all whole chunks and
// ErrTruncated.
func ReadIndex(r io.ReaderAt, size int64) ([]Frame, error) { return format.ReadIndex(r, size) }
