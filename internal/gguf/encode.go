package gguf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrType is wrapped by the error for a tensor type that Encode or Decode does not know, and for
// values that are no whole number of blocks.
var ErrType = errors.New("tensor type is not supported")

// Encode stores values as F32, F16, Q8_0 or Q4_0, with the roundings of ggml's reference code
// (ggml-quants.c, …_ref).
func Encode(values []float32, t TensorType) ([]byte, error) {
	elements, size := t.Layout()
	if elements == 0 || len(values)%int(elements) != 0 {
		return nil, fmt.Errorf("%w: %d values as %v", ErrType, len(values), t)
	}
	b := make([]byte, 0, len(values)/int(elements)*int(size))
	switch t {
	case F32:
		for _, v := range values {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	case F16:
		for _, v := range values {
			b = binary.LittleEndian.AppendUint16(b, Half(v))
		}
	case Q8_0:
		for ; len(values) > 0; values = values[32:] {
			b = appendQ8(b, values[:32])
		}
	case Q4_0:
		for ; len(values) > 0; values = values[32:] {
			b = appendQ4(b, values[:32])
		}
	default:
		return nil, fmt.Errorf("%w: cannot write %v", ErrType, t)
	}
	return b, nil
}

// Decode gives the values that data of type F32, F16, Q8_0 or Q4_0 stands for.
func Decode(data []byte, t TensorType) ([]float32, error) {
	elements, size := t.Layout()
	if size == 0 || len(data)%int(size) != 0 {
		return nil, fmt.Errorf("%w: %d bytes as %v", ErrType, len(data), t)
	}
	le := binary.LittleEndian
	values := make([]float32, 0, len(data)/int(size)*int(elements))
	for ; len(data) > 0; data = data[size:] {
		switch t {
		case F32:
			values = append(values, math.Float32frombits(le.Uint32(data)))
		case F16:
			values = append(values, FromHalf(le.Uint16(data)))
		case Q8_0:
			scale := FromHalf(le.Uint16(data))
			for _, q := range data[2:34] {
				values = append(values, scale*float32(int8(q)))
			}
		case Q4_0:
			scale := FromHalf(le.Uint16(data))
			for _, q := range data[2:18] {
				values = append(values, scale*float32(int(q&15)-8))
			}
			for _, q := range data[2:18] {
				values = append(values, scale*float32(int(q>>4)-8))
			}
		default:
			return nil, fmt.Errorf("%w: cannot read %v", ErrType, t)
		}
	}
	return values, nil
}

// appendQ8 appends a block of Q8_0: a half-precision scale, then 32 signed bytes.
func appendQ8(b []byte, block []float32) []byte {
	var top float32
	for _, v := range block {
		top = max(top, v, -v)
	}
	scale := top / 127
	b = binary.LittleEndian.AppendUint16(b, Half(scale))
	for _, v := range block {
		b = append(b, byte(int8(math.Round(float64(v*inverse(scale))))))
	}
	return b
}

// appendQ4 appends a block of Q4_0: a half-precision scale, then 32 values v = scale * (nibble -
// 8), the first 16 in the low nibbles.
func appendQ4(b []byte, block []float32) []byte {
	var top float32 // the value of the largest magnitude, which becomes -8
	for _, v := range block {
		if max(v, -v) > max(top, -top) {
			top = v
		}
	}
	scale := top / -8
	b = binary.LittleEndian.AppendUint16(b, Half(scale))
	nibble := func(v float32) byte { return byte(min(int(float32(v*inverse(scale))+8.5), 15)) }
	for i := range 16 {
		b = append(b, nibble(block[i])|nibble(block[i+16])<<4)
	}
	return b
}

func inverse(scale float32) float32 {
	if scale == 0 {
		return 0
	}
	return 1 / scale
}

// Half rounds to IEEE half precision, ties to even; values must be finite and at most 65504.
func Half(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits >> 16 & 0x8000)
	exp := int(bits>>23&0xff) - 127
	frac := bits&0x7fffff | 0x800000 // 1.23
	shift := 13
	if exp < -14 {
		shift += -14 - exp // subnormal
		exp = -15
	}
	if shift > 24 {
		return sign
	}
	q := frac >> shift
	rest, halfway := frac&(1<<shift-1), uint32(1)<<(shift-1)
	if rest > halfway || rest == halfway && q&1 == 1 {
		q++
	}
	if exp == -15 {
		return sign | uint16(q) // may carry into the smallest normal
	}
	return sign | uint16(uint32(exp+15)<<10+q-0x400) // q has the implicit bit, and may have carried
}

// FromHalf widens IEEE half precision.
func FromHalf(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, int(h>>10&31), uint32(h&0x3ff)
	switch exp {
	case 0:
		v := float32(frac) / (1 << 24)
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | uint32(exp-15+127)<<23 | frac<<13)
}
