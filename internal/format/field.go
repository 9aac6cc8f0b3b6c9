package format

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Castagnoli is the table of every CRC32C in an archive.
var Castagnoli = crc32.MakeTable(crc32.Castagnoli)

// field is one entry of an extensible list (FORMAT.md, conventions): an odd kind must be known by
// the reader.
type field struct {
	kind  uint64
	value []byte
}

// AppendField appends one entry of a list of fields.
func AppendField(dst []byte, kind uint64, value []byte) []byte {
	dst = binary.AppendUvarint(dst, kind)
	dst = binary.AppendUvarint(dst, uint64(len(value)))
	return append(dst, value...)
}

// parseFields splits a list. The values are views of src.
func parseFields(src []byte) ([]field, error) {
	var list []field
	for last := uint64(0); len(src) > 0; {
		kind, src1, ok := CutUvarint(src)
		n, src2, ok2 := CutUvarint(src1)
		if !ok || !ok2 || n > uint64(len(src2)) || len(list) > 0 && kind <= last {
			return nil, fmt.Errorf("%w: list of fields", ErrCorrupt)
		}
		list = append(list, field{kind, src2[:n]})
		last, src = kind, src2[n:]
	}
	return list, nil
}

// refuseUnknown is what an unknown field of this kind means to a reader.
func refuseUnknown(where string, kind uint64) error {
	if kind%2 == 0 {
		return nil
	}
	return fmt.Errorf("%w: mandatory %s %d is not known", ErrUnsupportedVersion, where, kind)
}

// CutUvarint takes a varint below 2^63 in its shortest form from the front of src.
func CutUvarint(src []byte) (v uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(src)
	if n <= 0 || v >= 1<<63 || n > 1 && src[n-1] == 0 {
		return 0, src, false
	}
	return v, src[n:], true
}

// readUvarint reads a varint of at most limit in its shortest form; what names it in errors.
func readUvarint(r io.ByteReader, limit uint64, what string) (uint64, error) {
	var v uint64
	for shift := 0; shift < 63; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, Truncated(err)
		}
		v |= uint64(b&0x7f) << shift
		if b&0x80 != 0 {
			continue
		}
		if b == 0 && shift > 0 {
			return 0, fmt.Errorf("%w: %s in a longer form than needed", ErrCorrupt, what)
		}
		if v > limit {
			return 0, fmt.Errorf("%w: %s is %d, want at most %d", ErrCorrupt, what, v, limit)
		}
		return v, nil
	}
	return 0, fmt.Errorf("%w: %s is longer than a varint can be", ErrCorrupt, what)
}
