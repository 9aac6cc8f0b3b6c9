package gguf

import (
	"context"
	"crypto/sha256"
	"io"
)

// Hash is the SHA-256 of all that r gives: what names a model. When ctx ends meanwhile the error is
// that of ctx.
func Hash(ctx context.Context, r io.Reader) (sum [32]byte, err error) {
	h := sha256.New()
	for {
		if err := ctx.Err(); err != nil {
			return sum, err
		}
		switch _, err := io.CopyN(h, r, 4<<20); err {
		case nil:
		case io.EOF:
			return [32]byte(h.Sum(nil)), ctx.Err()
		default:
			return sum, err
		}
	}
}
