package codec

import "errors"

var (
	// ErrCorrupt is returned when a payload cannot have been written by the matching encoder.
	ErrCorrupt = errors.New("codec: payload is corrupt")

	// ErrNoModel is returned when a method asks a model on a lane that has none.
	ErrNoModel = errors.New("codec: method needs a language model")

	// ErrNotSpellable is returned when no sequence of the vocabulary's pieces was found that spells the input: another
	// method must code the chunk.
	ErrNotSpellable = errors.New("codec: vocabulary cannot spell the input")

	// ErrVocabulary is wrapped by the error for a model whose tokens nothing can be coded with.
	ErrVocabulary = errors.New("codec: vocabulary of the model cannot be used")

	// ErrLogits is returned for logits that are no distribution: NaN, +Inf, or -Inf throughout.
	ErrLogits = errors.New("codec: logits are not finite")

	// ErrMethod is returned for a method that this build does not know.
	ErrMethod = errors.New("codec: unknown method")

	// ErrStopped is returned to a job whose Run has ended before it, and by a coder that is used outside of its lane's job.
	ErrStopped = errors.New("codec: worker has stopped")

	errOvertaken  = errors.New("codec: another coder of the lane has coded since")
	errNotStarted = errors.New("codec: Predict before Start")
)
