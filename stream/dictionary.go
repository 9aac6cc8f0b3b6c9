package stream

import (
	"context"
	"crypto/sha256"
	"fmt"
)

// DictionarySet finds dictionaries in a list, for WithDictionaries.
func DictionarySet(list ...[]byte) func(ctx context.Context, sha256 [32]byte) ([]byte, error) {
	return func(_ context.Context, want [32]byte) ([]byte, error) {
		for _, d := range list {
			if sha256.Sum256(d) == want {
				return d, nil
			}
		}
		return nil, fmt.Errorf("%w: SHA-256 %x", ErrNoDictionary, want)
	}
}
