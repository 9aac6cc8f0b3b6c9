package gguftest

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/lmz-go/lmz/llama/gguf"
)

// encode stores values in a tensor type; their number must be a multiple of 32 for the quantized ones.
func encode(values []float32, t gguf.TensorType) []byte {
	var b []byte
	switch t {
	case gguf.F32:
		for _, v := range values {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	case gguf.F16:
		for _, v := range values {
			b = binary.LittleEndian.AppendUint16(b, half(v))
		}
	case gguf.Q8_0:
		for ; len(values) > 0; values = values[32:] {
			b = appendQ8(b, values[:32])
		}
	case gguf.Q4_0:
		for ; len(values) > 0; values = values[32:] {
			b = appendQ4(b, values[:32])
		}
	default:
		panic(fmt.Sprintf("gguftest: cannot write %v", t))
	}
	return b
}

// appendQ8 appends a block of Q8_0, rounded as ggml does: a half-precision scale, then 32 signed bytes.
func appendQ8(b []byte, block []float32) []byte {
	var top float32
	for _, v := range block {
		top = max(top, v, -v)
	}
	scale := top / 127
	b = binary.LittleEndian.AppendUint16(b, half(scale))
	for _, v := range block {
		b = append(b, byte(int8(math.Round(float64(v*inverse(scale))))))
	}
	return b
}

// appendQ4 appends a block of Q4_0, rounded as ggml does: a half-precision scale, then 32 values v = scale * (nibble - 8),
// the first 16 in the low nibbles.
func appendQ4(b []byte, block []float32) []byte {
	var top float32 // the value of the largest magnitude, which becomes -8
	for _, v := range block {
		if max(v, -v) > max(top, -top) {
			top = v
		}
	}
	scale := top / -8
	b = binary.LittleEndian.AppendUint16(b, half(scale))
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

// half rounds to IEEE half precision, ties to even; values must be finite and at most 65504.
func half(v float32) uint16 {
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
