package train

import "errors"

var (
	// ErrNotBuilt is returned by NewTrainer in a program that was built without cgo.
	ErrNotBuilt = errors.New("training is not built in (it needs cgo and a C compiler: CGO_ENABLED=1)")

	// ErrKernel is wrapped by the error for a kernel that is not known or that this machine cannot
	// run.
	ErrKernel = errors.New("this machine has no such kernel")

	// ErrModel is wrapped by the error for a model file that this package cannot train.
	ErrModel = errors.New("model cannot be trained")

	// ErrWindow is wrapped by the error for windows that do not fit each other or the model.
	ErrWindow = errors.New("invalid window of tokens")
)
