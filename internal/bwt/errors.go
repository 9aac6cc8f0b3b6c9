package bwt

import "errors"

// ErrCorrupt is wrapped by the error for a payload that no encoder made.
var ErrCorrupt = errors.New("payload does not decode")
