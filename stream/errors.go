package stream

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/lm"
)

var (
	// ErrNotArchive says that the input does not begin with the magic of an lmz archive.
	ErrNotArchive = errors.New("not an lmz archive")
	// ErrUnsupportedVersion says that the archive needs a newer reader: its version, or a mandatory field, is unknown.
	ErrUnsupportedVersion = errors.New("archive needs a newer version of lmz")
	// ErrCorrupt says that bytes of the archive are not the ones that were written.
	ErrCorrupt = errors.New("archive is corrupt")
	// ErrTruncated says that the archive ends too early. What was returned before it is complete.
	ErrTruncated = errors.New("archive is truncated")
	// ErrUnfinished is an ErrTruncated between two records: the archive is being written, or its writer was stopped behind
	// a Flush. All that was flushed is intact.
	ErrUnfinished = fmt.Errorf("%w between chunks: it is being written, or was not finished", ErrTruncated)
	// ErrTooLarge says that reading the archive needs more memory than allowed.
	ErrTooLarge = errors.New("archive needs more memory than the limit")
	// ErrNoDictionary says that chunks start from a dictionary that was not given.
	ErrNoDictionary = errors.New("archive needs a dictionary that was not given")
	// ErrClosed says that a Writer or Reader was used after Close.
	ErrClosed = errors.New("stream: closed")
)

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

// LostError is an error of an Archive and says which part of its content cannot be read. Other parts can.
type LostError struct {
	Offset, Size int64 // bytes
	Err          error // a *ChunkError, unless a whole frame is lost
}

func (e *LostError) Error() string { return e.Err.Error() }
func (e *LostError) Unwrap() error { return e.Err }

// ModelMismatchError says that the model at hand does not compute what the archive was written with.
type ModelMismatchError struct {
	Want, Got           lm.ModelID
	WantProbe, GotProbe [8]byte // zero unless everything else agrees
}

func (e *ModelMismatchError) Error() string {
	want, got := e.Want, e.Got
	switch {
	case want.SHA256 != got.SHA256:
		return fmt.Sprintf("the archive was written with model %q (SHA-256 %x), but the model at hand is %q (%x): give the "+
			"file with that hash", want.Name, want.SHA256, got.Name, got.SHA256)
	case want.Class != got.Class:
		return fmt.Sprintf("the archive was written in numeric class %s, but model %q is open in class %s: decode in class %s, "+
			"on a machine that has it", want.Class, got.Name, got.Class, want.Class)
	}
	return fmt.Sprintf("model %q computes other numbers here than where the archive was written (class %s, probe %s, want %s): "+
		"decode it with the libllama release that wrote it, or on another machine", got.Name, got.Class,
		hex.EncodeToString(e.GotProbe[:]), hex.EncodeToString(e.WantProbe[:]))
}

// truncated turns the end of input in the middle of something into ErrTruncated.
func truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrTruncated
	}
	return err
}
