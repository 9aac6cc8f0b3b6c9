package stream

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/lmz-go/lmz/lm"
)

var (
	// ErrNoDictionary says that chunks start from a dictionary that was not given.
	ErrNoDictionary = errors.New("archive needs a dictionary that was not given")
	// ErrClosed says that a Writer or Reader was used after Close.
	ErrClosed = errors.New("stream: closed")
)

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
