// Package gguf reads the header of GGUF model files, in pure Go: metadata and the table of tensors.
// It also writes files, and converts tensors to and from the types that lmz's own models have.
//
// Reading trusts nothing: what it returns is consistent with the size of the file, and it allocates
// in proportion to what it has read, never to what the header claims.
// https://github.com/ggml-org/ggml/blob/master/docs/gguf.md is the format.
package gguf

import (
	"errors"
	"fmt"
	"math"
)

var (
	// ErrNotGGUF is returned for a file that does not start like a GGUF file of a known version.
	ErrNotGGUF = errors.New("not a GGUF model file")

	// ErrTruncated is wrapped by the error for a file that ends before its header or its tensors
	// do.
	ErrTruncated = errors.New("GGUF file is truncated")

	// ErrCorrupt is wrapped by the error for a header that contradicts itself.
	ErrCorrupt = errors.New("GGUF header is corrupt")
)

// Header is everything in a GGUF file before the tensors' data.
type Header struct {
	Version    uint32 // 2 or 3
	Metadata   []KeyValue
	Tensors    []Tensor
	Alignment  uint64 // bytes; a power of two
	DataOffset int64  // of the tensors' data in the file
	Size       int64  // of the file
}

// KeyValue is one entry of the metadata. Value is uint8 … uint64, int8 … int64, float32, float64,
// bool, string or Array; from ReadAll, slices instead of Array.
type KeyValue struct {
	Key   string
	Type  ValueType
	Value any
}

// Array describes an array in the metadata, whose elements are not kept.
type Array struct {
	Type   ValueType
	Len    uint64
	Offset int64 // of the elements in the file, in bytes
}

func (a Array) String() string { return fmt.Sprintf("%d x %s", a.Len, a.Type) }

// Tensor is one entry of the tensor table.
type Tensor struct {
	Name   string
	Type   TensorType
	Shape  []uint64 // 1 to 4 dimensions, the contiguous one first
	Offset uint64   // from Header.DataOffset
	Size   uint64   // bytes
}

// Elements is the number of elements; Read has made sure that it fits.
func (t Tensor) Elements() uint64 {
	n := uint64(1)
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Get is the value of a key, or nil.
func (h *Header) Get(key string) any {
	for i := range h.Metadata {
		if h.Metadata[i].Key == key {
			return h.Metadata[i].Value
		}
	}
	return nil
}

// Text is the value of a key that holds a string, or empty.
func (h *Header) Text(key string) string {
	s, _ := h.Get(key).(string)
	return s
}

// Uint is the value of a key that holds an integer of any type that is not negative.
func (h *Header) Uint(key string) (uint64, bool) {
	var i int64
	switch v := h.Get(key).(type) {
	case uint8:
		return uint64(v), true
	case uint16:
		return uint64(v), true
	case uint32:
		return uint64(v), true
	case uint64:
		return v, true
	case int8:
		i = int64(v)
	case int16:
		i = int64(v)
	case int32:
		i = int64(v)
	case int64:
		i = v
	default:
		return 0, false
	}
	return uint64(i), i >= 0
}

// Parameters is the number of elements of all tensors.
func (h *Header) Parameters() uint64 {
	var n uint64
	for _, t := range h.Tensors {
		n += t.Elements()
	}
	return n
}

// size computes the bytes of a tensor, which must not overflow and must consist of whole blocks.
func (t Tensor) size() (uint64, error) {
	block, bytes := t.Type.Layout()
	if block == 0 {
		return 0, fmt.Errorf("%w: tensor %q has unknown %v", ErrCorrupt, t.Name, t.Type)
	}
	n := uint64(1)
	for _, d := range t.Shape {
		if d == 0 || d > math.MaxInt64/n {
			return 0, fmt.Errorf("%w: tensor %q has impossible shape %v", ErrCorrupt, t.Name, t.Shape)
		}
		n *= d
	}
	if t.Shape[0]%block != 0 {
		return 0, fmt.Errorf("%w: tensor %q has rows of %d elements, %v needs a multiple of %d", ErrCorrupt, t.Name, t.Shape[0],
			t.Type, block)
	}
	if n/block > math.MaxInt64/bytes {
		return 0, fmt.Errorf("%w: tensor %q has impossible shape %v", ErrCorrupt, t.Name, t.Shape)
	}
	return n / block * bytes, nil
}
