package llama

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNotBuilt is returned by everything that needs libllama in a program built without it.
	ErrNotBuilt = errors.New("built without libllama")

	// ErrClosed is returned by methods of a closed Model or Session.
	ErrClosed = errors.New("llama: closed")

	// ErrUnsupported is wrapped by the error for a model that libllama may know but whose logits
	// cannot be promised to repeat, or that is no single decoder file.
	ErrUnsupported = errors.New("unsupported model")

	// ErrLoad is wrapped by the error for a model that libllama refused.
	ErrLoad = errors.New("libllama cannot load the model")
)

// ClassError says that logits of a numeric class cannot be computed in this process.
type ClassError struct {
	Class  string   // what was asked for
	Loaded string   // the class that this process is bound to, or empty
	Here   []string // classes that this machine can run
	Reason string

	remedy string
}

func (e *ClassError) Error() string {
	msg := fmt.Sprintf("numeric class %q: %s", e.Class, e.Reason)
	if len(e.Here) > 0 {
		msg += fmt.Sprintf(" (this machine can run: %s)", strings.Join(e.Here, ", "))
	}
	return msg
}

// Hint says what to do about it.
func (e *ClassError) Hint() string {
	switch {
	case e.remedy != "":
		return e.remedy
	case e.Loaded != "":
		return "one run of lmz computes in one numeric class: take these archives in separate runs"
	}
	return "use a machine that has this class (docs/DETERMINISM.md); to compress, the released models need no --class, and --no-model does without any"
}

// LibraryError says that the libllama at hand does not compute the numeric classes.
type LibraryError struct{ Found, Want, Remedy string }

func (e *LibraryError) Error() string { return fmt.Sprintf("found %s; needed is %s", e.Found, e.Want) }

// Hint says what to do about it.
func (e *LibraryError) Hint() string { return e.Remedy + "; to compress, --no-model does without" }
