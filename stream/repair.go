package stream

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// maxRepair is how far behind the beginning of a damaged primer its parity is looked for, in bytes.
const maxRepair = 64 << 20

// repair makes c, chunk 0 of a frame whose others depend on it, what it was before it was damaged, from the parity record that
// follows it. wrong is the damage found, after the bytes read were taken from the archive; it is returned where there
// is nothing to repair it with.
func (s *scanner) repair(c *chunk, read []byte, wrong error) error {
	if c.number != 0 || s.header.Primer != PrimerFirstChunk {
		return wrong
	}
	limit := min(s.header.ChunkSize+maxFields, maxRepair)
	limit += limit / 4
	data := bytes.Clone(read)
	data, err := s.in.appendN(data, max(0, limit-len(data)))
	if err != nil && !errors.Is(err, ErrTruncated) {
		return err
	}
	at, body := findParity(data)
	if body == nil {
		s.in.unread(data[len(read):])
		return wrong
	}
	record, err := repairRecord(data[:at], body)
	if err != nil {
		return fmt.Errorf("%w; %w", wrong, err)
	}
	good, err := parseRecord(record, s.header.ChunkSize, c.number)
	if err != nil {
		return err
	}
	c.chunkHeader, c.payload, c.whole = good.chunkHeader, good.payload, true
	s.in.unread(data[at:])
	if s.notice != nil {
		s.notice(&ChunkError{int(c.number), c.offset, fmt.Errorf("%w; repaired from its parity", wrong)})
	}
	return nil
}

// findParity finds the body of the parity record that protects what is in front of it.
func findParity(data []byte) (at int, body []byte) {
	tries := 64 // bounds the time for data made to look like many such records
	for at = 1; at < len(data) && tries > 0; at++ {
		i := bytes.Index(data[at:], []byte{tagAuxiliary, auxParity})
		if i < 0 {
			break
		}
		at += i
		n, rest, ok := cutUvarint(data[at+2:])
		if !ok || n != uint64(paritySize(at)) || uint64(len(rest)) < 4+n {
			continue
		}
		head, sum, body := data[at:len(data)-len(rest)], binary.LittleEndian.Uint32(rest), rest[4:4+n]
		if of, _, ok := cutUvarint(body); !ok || of != uint64(at) {
			continue
		}
		tries--
		if crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, body) == sum {
			return at, body
		}
	}
	return 0, nil
}

// unread puts bytes that were read last back in front of what is left.
func (r *recorder) unread(p []byte) {
	r.off -= int64(len(p))
	r.r = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(p), r.r), r.r.Size())
}
