package coder

import "fmt"

// raw is the method that copies.
type raw struct{}

func (raw) Encode(dst, src []byte) ([]byte, error) { return append(dst, src...), nil }

func (raw) Decode(dst, src []byte, n int) ([]byte, error) {
	if len(src) != n {
		return dst, fmt.Errorf("%w: %d raw bytes, want %d", ErrCorrupt, len(src), n)
	}
	return append(dst, src...), nil
}
