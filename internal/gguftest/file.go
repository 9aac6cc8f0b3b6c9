// Package gguftest writes small GGUF models with random weights, the same bytes each time, for
// tests that need a model that libllama can run.
package gguftest

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/lmz-go/lmz/internal/gguf"
)

// File is a GGUF file before it is written; tests may change it to make it wrong.
type File struct {
	Metadata []KeyValue
	Tensors  []Tensor
}

// KeyValue is one entry of the metadata: uint32, int32, uint64, float32, bool, string, []string,
// []int32 or []float32.
type KeyValue struct {
	Key   string
	Value any
}

// Tensor is one tensor with its data.
type Tensor struct {
	Name  string
	Type  gguf.TensorType
	Shape []uint64 // the contiguous dimension first
	Data  []byte
}

const alignment = 32 // GGUF's default

// Set replaces the value of a key, or adds it; nil removes it.
func (f *File) Set(key string, value any) {
	for i := range f.Metadata {
		if f.Metadata[i].Key != key {
			continue
		}
		if value == nil {
			f.Metadata = append(f.Metadata[:i], f.Metadata[i+1:]...)
		} else {
			f.Metadata[i].Value = value
		}
		return
	}
	if value != nil {
		f.Metadata = append(f.Metadata, KeyValue{key, value})
	}
}

// Bytes is the file, GGUF version 3.
func (f *File) Bytes() []byte {
	le := binary.LittleEndian
	b := append([]byte("GGUF"), 3, 0, 0, 0)
	b = le.AppendUint64(b, uint64(len(f.Tensors)))
	b = le.AppendUint64(b, uint64(len(f.Metadata)))
	for _, kv := range f.Metadata {
		b = appendValue(appendString(b, kv.Key), kv.Value)
	}
	offset := uint64(0)
	for _, t := range f.Tensors {
		b = appendString(b, t.Name)
		b = le.AppendUint32(b, uint32(len(t.Shape)))
		for _, d := range t.Shape {
			b = le.AppendUint64(b, d)
		}
		b = le.AppendUint32(b, uint32(t.Type))
		b = le.AppendUint64(b, offset)
		offset += uint64(len(t.Data)+alignment-1) / alignment * alignment
	}
	for _, t := range f.Tensors {
		b = append(pad(b), t.Data...)
	}
	return pad(b)
}

func pad(b []byte) []byte {
	for len(b)%alignment != 0 {
		b = append(b, 0)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

// appendValue appends the type of a value and the value.
func appendValue(b []byte, value any) []byte {
	le := binary.LittleEndian
	array := func(elem gguf.ValueType, n int) []byte {
		b = le.AppendUint32(le.AppendUint32(b, uint32(gguf.ArrayType)), uint32(elem))
		return le.AppendUint64(b, uint64(n))
	}
	scalar := func(t gguf.ValueType) []byte { return le.AppendUint32(b, uint32(t)) }
	switch v := value.(type) {
	case uint32:
		return le.AppendUint32(scalar(gguf.Uint32), v)
	case int32:
		return le.AppendUint32(scalar(gguf.Int32), uint32(v))
	case uint64:
		return le.AppendUint64(scalar(gguf.Uint64), v)
	case float32:
		return le.AppendUint32(scalar(gguf.Float32), math.Float32bits(v))
	case bool:
		b = scalar(gguf.Bool)
		if v {
			return append(b, 1)
		}
		return append(b, 0)
	case string:
		return appendString(scalar(gguf.String), v)
	case []string:
		b = array(gguf.String, len(v))
		for _, s := range v {
			b = appendString(b, s)
		}
	case []int32:
		b = array(gguf.Int32, len(v))
		for _, n := range v {
			b = le.AppendUint32(b, uint32(n))
		}
	case []float32:
		b = array(gguf.Float32, len(v))
		for _, x := range v {
			b = le.AppendUint32(b, math.Float32bits(x))
		}
	default:
		panic(fmt.Sprintf("gguftest: metadata value of type %T", value))
	}
	return b
}
