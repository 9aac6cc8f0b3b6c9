package gguf

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

const writeAlignment = 32 // GGUF's default, which needs no key

// TensorData is a tensor to write.
type TensorData struct {
	Name  string
	Type  TensorType
	Shape []uint64 // the contiguous dimension first
	Data  []byte   // see Encode
}

// Write writes a file of version 3. The types of the metadata follow from the values, KeyValue.Type
// is not read; arrays are slices. It returns an error for a value of another type, for data that
// has not the size of its tensor, and those of w.
func Write(w io.Writer, metadata []KeyValue, tensors []TensorData) error {
	le := binary.LittleEndian
	b := append([]byte("GGUF"), 3, 0, 0, 0)
	b = le.AppendUint64(b, uint64(len(tensors)))
	b = le.AppendUint64(b, uint64(len(metadata)))
	for _, kv := range metadata {
		var err error
		if b, err = appendValue(appendString(b, kv.Key), kv.Value); err != nil {
			return fmt.Errorf("%s: %w", kv.Key, err)
		}
	}
	offset := uint64(0)
	for _, t := range tensors {
		want, err := Tensor{Name: t.Name, Type: t.Type, Shape: t.Shape}.size()
		if err != nil {
			return err
		}
		if want != uint64(len(t.Data)) {
			return fmt.Errorf("tensor %q has %d bytes of data, its shape needs %d", t.Name, len(t.Data), want)
		}
		b = appendString(b, t.Name)
		b = le.AppendUint32(b, uint32(len(t.Shape)))
		for _, d := range t.Shape {
			b = le.AppendUint64(b, d)
		}
		b = le.AppendUint32(b, uint32(t.Type))
		b = le.AppendUint64(b, offset)
		offset += uint64(len(t.Data) + padding(len(t.Data)))
	}
	out := bufio.NewWriterSize(w, 1<<16)
	pad := make([]byte, writeAlignment)
	out.Write(b)
	out.Write(pad[:padding(len(b))])
	for _, t := range tensors {
		out.Write(t.Data)
		out.Write(pad[:padding(len(t.Data))])
	}
	return out.Flush()
}

func padding(n int) int { return -n & (writeAlignment - 1) }

func appendString(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

// appendValue appends the type of a value and the value.
func appendValue(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case []uint8:
		return appendArray(b, Uint8, v)
	case []int8:
		return appendArray(b, Int8, v)
	case []uint16:
		return appendArray(b, Uint16, v)
	case []int16:
		return appendArray(b, Int16, v)
	case []uint32:
		return appendArray(b, Uint32, v)
	case []int32:
		return appendArray(b, Int32, v)
	case []float32:
		return appendArray(b, Float32, v)
	case []bool:
		return appendArray(b, Bool, v)
	case []string:
		return appendArray(b, String, v)
	case []uint64:
		return appendArray(b, Uint64, v)
	case []int64:
		return appendArray(b, Int64, v)
	case []float64:
		return appendArray(b, Float64, v)
	}
	t, ok := typeOf(value)
	if !ok {
		return b, fmt.Errorf("metadata value of type %T", value)
	}
	return appendScalar(binary.LittleEndian.AppendUint32(b, uint32(t)), value), nil
}

func appendArray[T any](b []byte, t ValueType, list []T) ([]byte, error) {
	le := binary.LittleEndian
	b = le.AppendUint32(le.AppendUint32(b, uint32(ArrayType)), uint32(t))
	b = le.AppendUint64(b, uint64(len(list)))
	for _, v := range list {
		b = appendScalar(b, v)
	}
	return b, nil
}

func typeOf(value any) (ValueType, bool) {
	switch value.(type) {
	case uint8:
		return Uint8, true
	case int8:
		return Int8, true
	case uint16:
		return Uint16, true
	case int16:
		return Int16, true
	case uint32:
		return Uint32, true
	case int32:
		return Int32, true
	case float32:
		return Float32, true
	case bool:
		return Bool, true
	case string:
		return String, true
	case uint64:
		return Uint64, true
	case int64:
		return Int64, true
	case float64:
		return Float64, true
	}
	return 0, false
}

func appendScalar(b []byte, value any) []byte {
	le := binary.LittleEndian
	switch v := value.(type) {
	case uint8:
		return append(b, v)
	case int8:
		return append(b, byte(v))
	case uint16:
		return le.AppendUint16(b, v)
	case int16:
		return le.AppendUint16(b, uint16(v))
	case uint32:
		return le.AppendUint32(b, v)
	case int32:
		return le.AppendUint32(b, uint32(v))
	case float32:
		return le.AppendUint32(b, math.Float32bits(v))
	case bool:
		if v {
			return append(b, 1)
		}
		return append(b, 0)
	case string:
		return appendString(b, v)
	case uint64:
		return le.AppendUint64(b, v)
	case int64:
		return le.AppendUint64(b, uint64(v))
	case float64:
		return le.AppendUint64(b, math.Float64bits(v))
	}
	return b
}
