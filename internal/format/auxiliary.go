package format

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
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

// findAuxiliary looks for a record of a kind, whose body has at most limit bytes and is one that
// take does not refuse, among the auxiliary records from at up to end, and says where it is; of
// size 0 if there is none in front of one that is damaged.
func findAuxiliary(r io.ReaderAt, at, end int64, kind uint64, limit int, take func(body []byte) error) (offset, size int64) {
	in := NewRecorder(io.NewSectionReader(r, at, end-at), 4<<10)
	in.Off = at
	for {
		offset := in.Off
		in.reset()
		if tag, err := in.ReadByte(); err != nil || tag != TagAuxiliary {
			return 0, 0
		}
		is, n, want, err := readAuxiliaryHead(in, 1<<63-1)
		if err != nil {
			return 0, 0
		}
		sum := crc32.Checksum(in.buf, Castagnoli)
		var body []byte
		if is == kind && n <= uint64(limit) {
			body, err = in.appendN(nil, int(n))
			sum = crc32.Update(sum, Castagnoli, body)
		} else {
			sum, err = in.sumRest(sum, n)
		}
		if err != nil || sum != want {
			return 0, 0
		}
		if body != nil && take(body) == nil {
			return offset, in.Off - offset
		}
	}
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
