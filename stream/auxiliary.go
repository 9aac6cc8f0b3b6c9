package stream

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// readAuxiliary reads an auxiliary record from behind its tag, which the recorder keeps, and passes over those that may be
// skipped. Parity is looked at only when what it protects is damaged.
func readAuxiliary(r *recorder) error {
	kind, err := readUvarint(r, 1<<63-1, "type")
	if err != nil {
		return err
	}
	n, err := readUvarint(r, 1<<63-1, "length")
	if err != nil {
		return err
	}
	want, err := r.uint32()
	if err != nil {
		return err
	}
	sum, err := r.sumRest(crc32.Checksum(r.buf, castagnoli), n)
	if err != nil {
		return err
	}
	if sum != want {
		return fmt.Errorf("%w: checksum is %08x, want %08x", ErrCorrupt, sum, want)
	}
	return refuseUnknown("auxiliary record", kind)
}

// appendAuxiliary appends an auxiliary record.
func appendAuxiliary(dst []byte, kind uint64, body []byte) []byte {
	start := len(dst)
	dst = append(dst, tagAuxiliary)
	dst = binary.AppendUvarint(dst, kind)
	dst = binary.AppendUvarint(dst, uint64(len(body)))
	sum := crc32.Update(crc32.Checksum(dst[start:], castagnoli), castagnoli, body)
	dst = binary.LittleEndian.AppendUint32(dst, sum)
	return append(dst, body...)
}

// readAuxiliaryBody reads an auxiliary record from behind its tag, as readAuxiliary does, and gives its body, of at most limit bytes.
func readAuxiliaryBody(r *recorder, limit int) (kind uint64, body []byte, err error) {
	if kind, err = readUvarint(r, 1<<63-1, "type"); err != nil {
		return 0, nil, err
	}
	n, err := readUvarint(r, uint64(limit), "length")
	if err != nil {
		return 0, nil, err
	}
	want, err := r.uint32()
	if err != nil {
		return 0, nil, err
	}
	sum := crc32.Checksum(r.buf, castagnoli)
	if body, err = r.appendN(nil, int(n)); err != nil {
		return 0, nil, err
	}
	if sum = crc32.Update(sum, castagnoli, body); sum != want {
		return 0, nil, fmt.Errorf("%w: checksum is %08x, want %08x", ErrCorrupt, sum, want)
	}
	return kind, body, nil
}
