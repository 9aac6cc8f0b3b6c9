package format

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// readAuxiliaryHead reads an auxiliary record from behind its tag, which the recorder keeps, up to
// its body of at most limit bytes: its type, the length of the body, and what the checksum should
// be.
func readAuxiliaryHead(r *recorder, limit uint64) (kind, n uint64, sum uint32, err error) {
	if kind, err = readUvarint(r, 1<<63-1, "type"); err != nil {
		return 0, 0, 0, err
	}
	if n, err = readUvarint(r, limit, "length"); err != nil {
		return kind, 0, 0, err
	}
	sum, err = r.uint32()
	return kind, n, sum, err
}

// compareAuxiliarySum is what a record with the checksum got, which says want, is worth.
func compareAuxiliarySum(got, want uint32) error {
	if got != want {
		return fmt.Errorf("%w: checksum is %08x, want %08x", ErrCorrupt, got, want)
	}
	return nil
}

// ReadAuxiliary reads an auxiliary record from behind its tag, which the recorder keeps, and passes
// over those that may be skipped. Parity is looked at only when what it protects is damaged.
func ReadAuxiliary(r *recorder) (kind uint64, err error) {
	kind, n, want, err := readAuxiliaryHead(r, 1<<63-1)
	if err != nil {
		return kind, err
	}
	sum, err := r.sumRest(crc32.Checksum(r.buf, Castagnoli), n)
	if err != nil {
		return kind, err
	}
	if err := compareAuxiliarySum(sum, want); err != nil {
		return kind, err
	}
	return kind, refuseUnknown("auxiliary record", kind)
}

// AppendAuxiliary appends an auxiliary record.
func AppendAuxiliary(dst []byte, kind uint64, body []byte) []byte {
	start := len(dst)
	dst = append(dst, TagAuxiliary)
	dst = binary.AppendUvarint(dst, kind)
	dst = binary.AppendUvarint(dst, uint64(len(body)))
	sum := crc32.Update(crc32.Checksum(dst[start:], Castagnoli), Castagnoli, body)
	dst = binary.LittleEndian.AppendUint32(dst, sum)
	return append(dst, body...)
}

// readAuxiliaryBody reads an auxiliary record from behind its tag, as ReadAuxiliary does, and gives
// its body, of at most limit bytes.
func readAuxiliaryBody(r *recorder, limit int) (kind uint64, body []byte, err error) {
	kind, n, want, err := readAuxiliaryHead(r, uint64(limit))
	if err != nil {
		return 0, nil, err
	}
	sum := crc32.Checksum(r.buf, Castagnoli)
	if body, err = r.appendN(nil, int(n)); err != nil {
		return 0, nil, err
	}
	if err := compareAuxiliarySum(crc32.Update(sum, Castagnoli, body), want); err != nil {
		return 0, nil, err
	}
	return kind, body, nil
}

// PassAuxiliary reads the auxiliary records behind the last chunk of a group that ends at to.
func (s *Scanner) PassAuxiliary(to int64) error {
	for s.In.Off < to {
		s.In.reset()
		tag, err := s.In.ReadByte()
		if err != nil {
			return Truncated(err)
		}
		if tag != TagAuxiliary {
			return fmt.Errorf("%w: a group of chunks that is larger than the index says", ErrCorrupt)
		}
		if _, err := ReadAuxiliary(s.In); err != nil {
			return err
		}
	}
	return nil
}

// AuxiliarySize is how many bytes at the beginning of data are intact auxiliary records.
func AuxiliarySize(data []byte) int {
	in := NewRecorder(bytes.NewReader(data), 4096)
	for {
		at := in.Off
		in.reset()
		if tag, err := in.ReadByte(); err != nil || tag != TagAuxiliary {
			return int(at)
		}
		if _, err := ReadAuxiliary(in); err != nil {
			return int(at)
		}
	}
}
