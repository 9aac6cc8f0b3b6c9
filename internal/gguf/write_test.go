package gguf_test

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
)

// TestWrite: what is written reads back, values of every type and tensors.
func TestWrite(t *testing.T) {
	values := []any{uint8(1), int8(-1), uint16(2), int16(-2), uint32(3), int32(-3), float32(0.5), true, "text", uint64(4), int64(-4), 0.25,
		[]uint8{1}, []int8{-1}, []uint16{2}, []int16{-2}, []uint32{3}, []int32{-3}, []float32{0.5}, []bool{true, false},
		[]string{"a", "", "bc"}, []uint64{4}, []int64{-4}, []float64{0.25}}
	var metadata []gguf.KeyValue
	for i, v := range values {
		metadata = append(metadata, gguf.KeyValue{Key: string(rune('a' + i)), Value: v})
	}
	tensors := []gguf.TensorData{
		{Name: "one", Type: gguf.F32, Shape: []uint64{3}, Data: make([]byte, 12)},
		{Name: "two", Type: gguf.Q8_0, Shape: []uint64{32, 2}, Data: bytes.Repeat([]byte{7}, 68)},
	}
	var b bytes.Buffer
	if err := gguf.Write(&b, metadata, tensors); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	h, err := gguf.ReadAll(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		if got := h.Metadata[i]; got.Key != metadata[i].Key || !reflect.DeepEqual(got.Value, v) {
			t.Errorf("%s: %T %v was written, %T %v read", got.Key, v, v, got.Value, got.Value)
		}
	}
	for i, want := range tensors {
		got := h.Tensors[i]
		at := h.DataOffset + int64(got.Offset)
		if got.Name != want.Name || got.Type != want.Type || !bytes.Equal(data[at:at+int64(got.Size)], want.Data) {
			t.Errorf("tensor %+v is not what was written", got)
		}
	}

	if err := gguf.Write(&b, []gguf.KeyValue{{Key: "k", Value: 1 + 2i}}, nil); err == nil {
		t.Error("a complex number was written")
	}
	tensors[0].Data = tensors[0].Data[1:]
	if err := gguf.Write(&b, nil, tensors); err == nil {
		t.Error("a tensor without its last byte was written")
	}
}

// TestReadAllClaims: elements that a header merely claims cost no memory.
func TestReadAllClaims(t *testing.T) {
	var b bytes.Buffer
	if err := gguf.Write(&b, []gguf.KeyValue{{Key: "k", Value: []uint64{}}}, nil); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()[:24+8+1+4+4+8] // header, key, type, elements' type, count
	for i := range 6 {               // 2^48 - 1 elements
		data[len(data)-8+i] = 0xff
	}
	allocated := testing.AllocsPerRun(5, func() {
		if _, err := gguf.ReadAll(bytes.NewReader(data), int64(len(data))); !errors.Is(err, gguf.ErrTruncated) {
			t.Errorf("error is %v", err)
		}
	})
	if allocated > 100 {
		t.Errorf("%v allocations", allocated)
	}
}

// TestEncodeDecode: decoded values are as close as the type allows, and what was decoded encodes to
// the same bytes.
func TestEncodeDecode(t *testing.T) {
	values := make([]float32, 96)
	for i := range 64 {
		values[i] = float32(math.Sin(float64(i*i)) * math.Exp(float64(i%7)-4))
	}
	for form, tolerance := range map[gguf.TensorType]float32{gguf.F32: 0, gguf.F16: 0.01, gguf.Q8_0: 0.05, gguf.Q4_0: 1} {
		data, err := gguf.Encode(values, form)
		if err != nil {
			t.Fatal(err)
		}
		got, err := gguf.Decode(data, form)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if d := v - got[i]; !(max(d, -d) <= tolerance) {
				t.Errorf("%v: %g became %g", form, v, got[i])
			}
		}
		if form == gguf.Q4_0 || form == gguf.Q8_0 {
			continue // a scale may round otherwise
		}
		if again, err := gguf.Encode(got, form); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%v: encoded again it differs (%v)", form, err)
		}
	}
	if _, err := gguf.Encode(values[:33], gguf.Q8_0); !errors.Is(err, gguf.ErrType) {
		t.Errorf("error is %v", err)
	}
	if _, err := gguf.Encode(values, 12); !errors.Is(err, gguf.ErrType) {
		t.Errorf("error is %v", err)
	}
	if _, err := gguf.Decode(make([]byte, 144), 12); !errors.Is(err, gguf.ErrType) {
		t.Errorf("error is %v", err)
	}
}

func TestHalf(t *testing.T) {
	for _, c := range []struct {
		in   float32
		want uint16
	}{
		{0, 0}, {1, 0x3c00}, {-2, 0xc000}, {65504, 0x7bff}, {1.0 / 3, 0x3555}, {6.1035156e-05, 0x0400}, {5.9604645e-08, 1},
		{2.9802322e-08, 0}, {6.1005e-05, 0x03ff}, {6.103e-05, 0x0400}, {1.00048828125, 0x3c00}, {1.0009765625, 0x3c01},
		{1.00146484375, 0x3c02}, {0.99998, 0x3c00}, {float32(math.Copysign(0, -1)), 0x8000},
	} {
		if got := gguf.Half(c.in); got != c.want {
			t.Errorf("Half(%g) = %#04x, want %#04x", c.in, got, c.want)
		}
	}
}

func TestFromHalf(t *testing.T) {
	for h := range uint16(0x7c00) {
		for _, h := range []uint16{h, h | 0x8000} {
			if got := gguf.Half(gguf.FromHalf(h)); got != h {
				t.Fatalf("%#04x became %#04x", h, got)
			}
		}
	}
	if v := gguf.FromHalf(0xfc00); !math.IsInf(float64(v), -1) {
		t.Errorf("-Inf is %g", v)
	}
}

// FuzzReadAll: what ReadAll accepts can be written, and Read accepts it too.
func FuzzReadAll(f *testing.F) {
	file := gguftest.File{}
	file.Set("tokens", []string{"a", "bc"})
	file.Set("types", []int32{1, 2})
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := gguf.ReadAll(bytes.NewReader(data), int64(len(data)))
		if _, err2 := gguf.Read(bytes.NewReader(data), int64(len(data))); err == nil && err2 != nil {
			t.Fatalf("Read returns %v", err2)
		}
		if err != nil {
			return
		}
		if err := gguf.Write(&bytes.Buffer{}, h.Metadata, nil); err != nil {
			t.Fatal(err)
		}
	})
}
