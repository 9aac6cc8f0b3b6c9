package stream

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/internal/engine"
)

var (
	// ErrNoDictionary says that chunks start from a dictionary that was not given.
	ErrNoDictionary = engine.ErrNoDictionary
	// ErrClosed says that a Writer, Reader or Archive was used after Close.
	ErrClosed = engine.ErrClosed
)

// ModelMismatchError says that the model at hand does not compute what the archive was written
// with.
type ModelMismatchError = engine.ModelMismatchError

var (
	errNoSource  = errors.New("stream: there is nothing to read from: it is nil")
	errNoTarget  = errors.New("stream: there is nothing to write to: it is nil")
	errNoPattern = errors.New("stream: a search without a pattern")
	errBadRead   = errors.New("stream: Read returned a count that no Read can have")
	errBadWrite  = errors.New("stream: Write returned a count that no Write can have")
)

// LostError is an error of an Archive and says which part of its content cannot be read. Other
// parts can.
type LostError struct {
	Offset, Size int64 // bytes
	Err          error // a *ChunkError, unless a whole frame is lost
}

func (e *LostError) Error() string { return e.Err.Error() }
func (e *LostError) Unwrap() error { return e.Err }

// dependent is the error of a chunk whose primer has err.
func dependent(err error) error { return fmt.Errorf("it depends on the frame's first chunk: %w", err) }

// wrote is what a Write of so many bytes has done, with an error if that is not all.
func wrote(bytes, n int, err error) (int, error) {
	switch {
	case n < 0 || n > bytes:
		return 0, cmp.Or(err, errBadWrite)
	case n < bytes && err == nil:
		err = io.ErrShortWrite
	}
	return n, err
}
