package ui

import (
	"errors"
	"io/fs"
	"strings"
)

// HintedError is a failure with advice.
type HintedError struct{ msg, hint string }

// Hinted makes an error; the hint may be empty.
func Hinted(msg, hint string) *HintedError { return &HintedError{msg, hint} }

func (e *HintedError) Error() string { return e.msg }
func (e *HintedError) Hint() string  { return e.hint }

// UsageError is the user's mistake in how the command was called.
type UsageError struct{ HintedError }

// Usage makes an error; the hint may be empty.
func Usage(msg, hint string) *UsageError { return &UsageError{HintedError{msg, hint}} }

// SkipError says why a file is left alone, which is a warning.
type SkipError struct {
	HintedError
	Done bool // all was done, and it is only not deleted
}

// Skip makes an error; the hint may be empty.
func Skip(msg, hint string) *SkipError { return &SkipError{HintedError: HintedError{msg, hint}} }

// Kept makes an error about a source that is not deleted, after all else was done.
func Kept(why string) *SkipError { return &SkipError{HintedError{why, ""}, true} }

// FileError names the file that an error is about, unless the error does so itself.
type FileError struct {
	Name string // "-": standard input
	Err  error
}

// InFile makes a FileError.
func InFile(name string, err error) *FileError { return &FileError{name, err} }

func (e *FileError) Error() string {
	msg := e.Err.Error()
	var path *fs.PathError
	if errors.As(e.Err, &path) && path.Path == e.Name {
		msg = strings.TrimPrefix(msg, path.Op+" "+path.Path+": ")
	}
	return Input(e.Name) + ": " + msg
}

func (e *FileError) Unwrap() error { return e.Err }

// Input is what a source is called in messages.
func Input(name string) string {
	switch name {
	case "-":
		return "standard input"
	case "":
		return `""`
	}
	return name
}

// Output is what an output is called in messages.
func Output(name string) string {
	if name == "-" {
		return "standard output"
	}
	return name
}
