package gguf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"os"
)

// Limits far above any model's; libllama's own are no lower.
const (
	maxKeys       = 1 << 16
	maxTensors    = 1 << 18
	maxName       = 1 << 16 // bytes of a key
	maxTensorName = 63      // GGML_MAX_NAME - 1
	maxString     = 1 << 30
	maxDimensions = 4
	maxAlignment  = 1 << 20
)

// ReadFile reads the header of the file at path.
func ReadFile(path string) (*Header, error) {
	f, size, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f, size)
}

// OpenFile opens the file at path, which has size bytes. It refuses what is not a regular file
// before it is opened, which may have no end.
func OpenFile(path string) (f *os.File, size int64, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	if f, err = os.Open(path); err != nil {
		return nil, 0, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

var errNotRegular = errors.New("not a regular file")

// Read reads the header of a GGUF file of size bytes. Errors wrap ErrNotGGUF, ErrTruncated,
// ErrCorrupt or what r returned.
func Read(r io.ReaderAt, size int64) (*Header, error) { return read(r, size, false) }

// ReadAll reads a header as Read does, and keeps the elements of arrays: their values are slices,
// of string, int32, …, in place of Array.
func ReadAll(r io.ReaderAt, size int64) (*Header, error) { return read(r, size, true) }

func read(r io.ReaderAt, size int64, elements bool) (*Header, error) {
	d := &decoder{r: bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 1<<16), size: size, left: size, elements: elements}
	h := &Header{Size: size}
	if d.u32() != 0x46554747 || d.err != nil { // "GGUF"
		return nil, ErrNotGGUF
	}
	if h.Version = d.u32(); d.err == nil && h.Version != 2 && h.Version != 3 {
		return nil, fmt.Errorf("%w (version %d; 2 and 3 are known)", ErrNotGGUF, h.Version)
	}
	tensors, keys := d.u64(), d.u64()
	if keys > maxKeys || tensors > maxTensors {
		d.fail("it claims %d keys and %d tensors", keys, tensors)
	}
	d.metadata(h, keys)
	h.Alignment = 32
	if v := h.Get("general.alignment"); v != nil {
		a, ok := v.(uint32)
		if h.Alignment = uint64(a); !ok || a == 0 || a&(a-1) != 0 || a > maxAlignment {
			d.fail("general.alignment is %.60q", fmt.Sprint(v))
		}
	}
	d.tensors(h, tensors)
	if d.err != nil {
		return nil, d.err
	}
	return h, h.place(size - d.left)
}

// Strings gives the elements of an array of strings of this header, whose file r reads, up to the
// first that cannot be read.
func (h *Header) Strings(r io.ReaderAt, a Array) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		left := h.Size - a.Offset
		d := &decoder{r: bufio.NewReaderSize(io.NewSectionReader(r, a.Offset, left), 1<<16), size: h.Size, left: left}
		if a.Type != String {
			d.fail("array of %v, want strings", a.Type)
		}
		for n := a.Len; n > 0; n-- {
			s := d.text(maxString, "string")
			if !yield(s, d.err) || d.err != nil {
				return
			}
		}
	}
}

// Integers gives the elements of an array of 32-bit integers of this header, whose file r reads;
// those of other arrays are an error.
func (h *Header) Integers(r io.ReaderAt, a Array) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		left := h.Size - a.Offset
		d := &decoder{r: bufio.NewReader(io.NewSectionReader(r, a.Offset, left)), size: h.Size, left: left}
		if a.Type != Uint32 && a.Type != Int32 {
			d.fail("array of %v, want 32-bit integers", a.Type)
		}
		for n := a.Len; n > 0; n-- {
			v := int64(d.u32())
			if a.Type == Int32 {
				v = int64(int32(v))
			}
			if !yield(v, d.err) || d.err != nil {
				return
			}
		}
	}
}

// place computes where the data is and checks that every tensor's lies within the file.
func (h *Header) place(end int64) error {
	align := int64(h.Alignment)
	h.DataOffset = (end + align - 1) / align * align
	for i := range h.Tensors {
		t := &h.Tensors[i]
		var err error
		if t.Size, err = t.size(); err != nil {
			return err
		}
		if t.Offset%h.Alignment != 0 {
			return fmt.Errorf("%w: tensor %q is at offset %d, not a multiple of %d", ErrCorrupt, t.Name, t.Offset, h.Alignment)
		}
		if room := uint64(max(h.Size-h.DataOffset, 0)); t.Offset > room || t.Size > room-t.Offset {
			return fmt.Errorf("%w: tensor %q needs %d bytes at offset %d of %d bytes of data", ErrTruncated, t.Name, t.Size,
				t.Offset, room)
		}
	}
	return nil
}

// decoder reads little-endian values until the first error, after which it gives zeros.
type decoder struct {
	r    *bufio.Reader
	size int64 // of the file, in bytes
	left int64 // bytes of the file not yet read
	err  error
	buf  [8]byte

	elements bool // arrays keep their elements
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...)
	}
}

func (d *decoder) failRead(err error) {
	if d.err != nil {
		return
	}
	if d.err = err; errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		d.err = ErrTruncated
	}
}

func (d *decoder) read(n int) []byte {
	b := d.buf[:n]
	clear(d.buf[:])
	if d.err != nil {
		return b
	}
	m, err := io.ReadFull(d.r, b)
	if d.left -= int64(m); err != nil {
		d.failRead(err)
		clear(b)
	}
	return b
}

func (d *decoder) u32() uint32 { return binary.LittleEndian.Uint32(d.read(4)) }
func (d *decoder) u64() uint64 { return binary.LittleEndian.Uint64(d.read(8)) }

func (d *decoder) skip(n int64) {
	if d.err != nil {
		return
	}
	if n > d.left {
		d.failRead(io.EOF)
		return
	}
	for n > 0 {
		m, err := d.r.Discard(int(min(n, 1<<20)))
		if n, d.left = n-int64(m), d.left-int64(m); err != nil {
			d.failRead(err)
			return
		}
	}
}

// length reads the length of a string.
func (d *decoder) length(limit uint64, what string) int64 {
	n := d.u64()
	if n > limit {
		d.fail("%s of %d bytes", what, n)
	} else if int64(n) > d.left {
		d.failRead(io.EOF)
	}
	if d.err != nil {
		return 0
	}
	return int64(n)
}

func (d *decoder) text(limit uint64, what string) string {
	n := d.length(limit, what)
	if d.err != nil {
		return ""
	}
	b := make([]byte, n) // no more than what is left of the file
	m, err := io.ReadFull(d.r, b)
	if d.left -= int64(m); err != nil {
		d.failRead(err)
	}
	return string(b)
}

func (d *decoder) metadata(h *Header, n uint64) {
	seen := map[string]bool{}
	for ; n > 0 && d.err == nil; n-- {
		kv := KeyValue{Key: d.text(maxName, "key"), Type: ValueType(d.u32())}
		if seen[kv.Key] {
			d.fail("key %q appears twice", kv.Key)
		}
		seen[kv.Key] = true
		if kv.Value = d.value(kv.Type); d.err == nil {
			h.Metadata = append(h.Metadata, kv)
		}
	}
}

func (d *decoder) value(t ValueType) any {
	switch t {
	case Uint8:
		return d.read(1)[0]
	case Int8:
		return int8(d.read(1)[0])
	case Uint16:
		return binary.LittleEndian.Uint16(d.read(2))
	case Int16:
		return int16(binary.LittleEndian.Uint16(d.read(2)))
	case Uint32:
		return d.u32()
	case Int32:
		return int32(d.u32())
	case Float32:
		return math.Float32frombits(d.u32())
	case Bool:
		return d.read(1)[0] != 0
	case String:
		return d.text(maxString, "string")
	case ArrayType:
		return d.array()
	case Uint64:
		return d.u64()
	case Int64:
		return int64(d.u64())
	case Float64:
		return math.Float64frombits(d.u64())
	}
	d.fail("value of unknown %v", t)
	return nil
}

func (d *decoder) array() any {
	a := Array{Type: ValueType(d.u32()), Len: d.u64()}
	a.Offset = d.size - d.left
	switch {
	case d.err != nil:
	case d.elements:
		return d.slice(a)
	case a.Type == String:
		for n := a.Len; n > 0 && d.err == nil; n-- {
			d.skip(d.length(maxString, "string"))
		}
	case int(a.Type) >= len(valueTypes) || a.Type == ArrayType:
		d.fail("array of %v", a.Type)
	case a.Len > math.MaxInt64/8:
		d.fail("array of %d elements", a.Len)
	default:
		d.skip(int64(a.Len) * valueTypes[a.Type].size)
	}
	return a
}

func (d *decoder) tensors(h *Header, n uint64) {
	seen := map[string]bool{}
	for ; n > 0 && d.err == nil; n-- {
		t := Tensor{Name: d.text(maxTensorName, "tensor name")}
		dims := d.u32()
		if dims == 0 || dims > maxDimensions {
			d.fail("tensor %q has %d dimensions", t.Name, dims)
			return
		}
		for range dims {
			t.Shape = append(t.Shape, d.u64())
		}
		t.Type, t.Offset = TensorType(d.u32()), d.u64()
		if seen[t.Name] {
			d.fail("tensor %q appears twice", t.Name)
		}
		seen[t.Name] = true
		if d.err == nil {
			h.Tensors = append(h.Tensors, t)
		}
	}
}
