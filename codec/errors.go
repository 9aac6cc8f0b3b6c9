package codec

import "errors"

var (
	// ErrNoModel is wrapped by the error for a method, or an archive, that asks a model where there
	// is none.
	ErrNoModel = errors.New("codec: method needs a language model")

	// ErrMethod is wrapped by the error for a method that this build does not know.
	ErrMethod = errors.New("codec: unknown method")

	// ErrVocabulary is wrapped by the error for a model whose tokens nothing can be coded with.
	ErrVocabulary = errors.New("codec: vocabulary of the model cannot be used")

	// ErrLogits is wrapped by the error for logits that are no distribution: NaN, +Inf, or -Inf
	// throughout.
	ErrLogits = errors.New("codec: logits are not finite")
)
