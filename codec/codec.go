// Package codec turns the bytes of one chunk into a payload and back.
//
// A chunk is coded by one Method. Methods that ask a language model do so through a Lane, one sequence of a Session whose
// lanes a Worker steps together. All arithmetic that reaches the output is done on integers, so that the same logits give
// the same bytes on every platform.
package codec

// Method names how a chunk is coded. Values are part of the format (docs/FORMAT.md) and are never reused.
type Method uint8

const (
	Raw  Method = 0 // the bytes themselves
	Zstd Method = 1 // one zstd frame without checksum
	LM   Method = 2 // the language model alone: token distribution, integer CDF, range coder
	Mix  Method = 3 // context mixing, with the language model as one more expert
)

// Coder codes chunks with one Method. It owns scratch memory and belongs to one goroutine at a time; chunks coded one after
// the other do not depend on each other.
type Coder interface {
	// Encode appends the payload of the chunk src to dst.
	Encode(dst, src []byte) ([]byte, error)

	// Decode appends the n bytes of the chunk whose payload is src to dst, or returns an error that wraps ErrCorrupt.
	// It allocates no more than it has decoded.
	Decode(dst, src []byte, n int) ([]byte, error)
}
