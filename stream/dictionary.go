package stream

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/lmz-go/lmz/internal/engine"
)

// Dictionaries finds a dictionary by the SHA-256 of its bytes. It returns an error that wraps ErrNoDictionary for one that it
// does not know.
type Dictionaries = engine.Dictionaries

// DictionarySet finds dictionaries in a list.
func DictionarySet(list ...[]byte) Dictionaries {
	return func(_ context.Context, want [32]byte) ([]byte, error) {
		for _, d := range list {
			if sha256.Sum256(d) == want {
				return d, nil
			}
		}
		return nil, fmt.Errorf("%w: SHA-256 %x", ErrNoDictionary, want)
	}
}
