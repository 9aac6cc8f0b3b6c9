// Package coder turns the bytes of one chunk into a payload and back.
//
// A chunk is coded by one codec.Method. Methods that ask a language model do so through a Lane, one
// sequence of a Session whose lanes a Worker steps together. All arithmetic that reaches the output
// is done on integers, so that the same logits give the same bytes on every platform.
package coder

// Coder codes chunks with one codec.Method. It owns scratch memory and belongs to one goroutine at
// a time; chunks coded one after the other do not depend on each other.
type Coder interface {
	// Encode appends the payload of the chunk src to dst.
	Encode(dst, src []byte) ([]byte, error)

	// Decode appends the n bytes of the chunk whose payload is src to dst, or returns an error that
	// wraps ErrCorrupt. It allocates no more than it has decoded.
	Decode(dst, src []byte, n int) ([]byte, error)
}
