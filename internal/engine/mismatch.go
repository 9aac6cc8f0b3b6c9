package engine

import (
	"encoding/hex"
	"fmt"

	"github.com/lmz-go/lmz/lm"
)

// ModelMismatchError says that the model at hand does not compute what the archive was written
// with.
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
		"decode it with the lmz that wrote it, and its libllama, or on another machine", got.Name, got.Class,
		hex.EncodeToString(e.GotProbe[:]), hex.EncodeToString(e.WantProbe[:]))
}
