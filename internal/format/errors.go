package format

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrNotArchive says that the input does not begin with the magic of an lmz archive.
	ErrNotArchive = errors.New("not an lmz archive")
	// ErrUnsupportedVersion says that the archive needs a newer reader: its version, or a mandatory
	// field, is unknown.
	ErrUnsupportedVersion = errors.New("archive needs a newer version of lmz")
	// ErrCorrupt says that bytes of the archive are not the ones that were written.
	ErrCorrupt = errors.New("archive is corrupt")
	// ErrTruncated says that the archive ends too early. What was returned before it is complete.
	// To errors.Is it is io.ErrUnexpectedEOF, too.
	ErrTruncated error = truncated{}
	// ErrUnfinished is an ErrTruncated between two records: the archive is being written, or its
	// writer was stopped behind a Flush. All that was flushed is intact.
	ErrUnfinished = fmt.Errorf("%w between chunks: it is being written, or was not finished", ErrTruncated)
	// ErrTooLarge says that reading the archive needs more memory than allowed.
	ErrTooLarge = errors.New("archive needs more memory than the limit")
)

type truncated struct{}

func (truncated) Error() string        { return "archive is truncated" }
func (truncated) Is(target error) bool { return target == io.ErrUnexpectedEOF }

// ChunkError says which chunk could not be read.
type ChunkError struct {
	Index  int   // of the chunk in its frame, from 0
	Offset int64 // of its record in the archive, in bytes
	Err    error
}

func (e *ChunkError) Error() string {
	return fmt.Sprintf("chunk %d at byte %d: %v", e.Index, e.Offset, e.Err)
}

func (e *ChunkError) Unwrap() error { return e.Err }

// LineCountError says that a record that is good otherwise counts its lines wrong. It is an
// ErrCorrupt.
type LineCountError struct {
	Is, Want int // line ends in the decoded bytes, and as the record says
}

func (e *LineCountError) Error() string {
	return fmt.Sprintf("%v: decodes to %d lines, want %d", ErrCorrupt, e.Is, e.Want)
}

func (e *LineCountError) Unwrap() error { return ErrCorrupt }

// Truncated turns the end of input in the middle of something into ErrTruncated.
func Truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrTruncated
	}
	return err
}
