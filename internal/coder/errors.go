package coder

import "errors"

var (
	// ErrCorrupt is returned when a payload cannot have been written by the matching encoder.
	ErrCorrupt = errors.New("payload is corrupt")

	// ErrNotSpellable is returned when no sequence of the vocabulary's pieces was found that spells
	// the input: another method must code the chunk.
	ErrNotSpellable = errors.New("vocabulary cannot spell the input")

	// ErrStopped is returned to a job whose Run has ended before it, and by a coder that is used
	// outside of its lane's job.
	ErrStopped = errors.New("worker has stopped")

	errOvertaken  = errors.New("another coder of the lane has coded since")
	errNotStarted = errors.New("Predict before Start")
)

// corruptError is an ErrCorrupt of a package below, which says so already.
type corruptError struct{ error }

func (e corruptError) Unwrap() []error { return []error{ErrCorrupt, e.error} }
