package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// maxRepair is how far behind the beginning of a damaged first chunk its parity is looked for, in
// bytes.
const maxRepair = 64 << 20

// repair makes c, chunk 0 of a frame, what it was before it was damaged, from the parity record
// that follows it. wrong is the damage found, after the bytes read were taken from the archive; it
// is returned where there is nothing to repair it with.
func (s *Scanner) repair(c *Record, read []byte, wrong error) error {
	if c.Number != 0 {
		return wrong
	}
	limit := min(s.Header.ChunkSize+MaxFields, maxRepair)
	limit += limit / 4
	data := bytes.Clone(read)
	data, err := s.In.appendN(data, max(0, limit-len(data)))
	if err != nil && !errors.Is(err, ErrTruncated) {
		return err
	}
	at, kind, body := FindParity(data)
	if body == nil {
		s.In.Unread(data[len(read):])
		return wrong
	}
	record, err := repairRecord(kind, data[:at], body)
	if err != nil {
		return fmt.Errorf("%w; %w", wrong, err)
	}
	good, err := ParseRecord(record, s.Header.ChunkSize, c.Number)
	if err != nil {
		return err
	}
	c.RecordHeader, c.Payload, c.Whole = good.RecordHeader, good.Payload, true
	s.In.Unread(data[at:])
	if s.Notice != nil {
		s.Notice(&ChunkError{Index: int(c.Number), Offset: c.Offset, Err: fmt.Errorf("%w; repaired from its parity", wrong)})
	}
	return nil
}

// FindParity finds the body of the parity record that protects what is in front of it.
func FindParity(data []byte) (at int, kind uint64, body []byte) {
	tries := 64 // bounds the time for data made to look like many such records
	for at = 1; at+1 < len(data) && tries > 0; at++ {
		i := bytes.IndexByte(data[at:len(data)-1], TagAuxiliary)
		if i < 0 {
			break
		}
		at += i
		kind := uint64(data[at+1])
		if !IsParity(kind) {
			continue
		}
		n, rest, ok := CutUvarint(data[at+2:])
		if !ok || n != uint64(ParitySize(kind, at)) || uint64(len(rest)) < 4+n {
			continue
		}
		head, sum, body := data[at:len(data)-len(rest)], binary.LittleEndian.Uint32(rest), rest[4:4+n]
		if of, _, ok := CutUvarint(body); !ok || of != uint64(at) {
			continue
		}
		tries--
		if crc32.Update(crc32.Checksum(head, Castagnoli), Castagnoli, body) == sum {
			return at, kind, body
		}
	}
	return 0, 0, nil
}
