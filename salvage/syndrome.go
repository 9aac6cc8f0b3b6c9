package salvage

import (
	"bytes"
	"hash/crc32"

	"github.com/lmz-go/lmz/internal/format"
)

// headSearch is how many bytes of a record are tried with every value: those of a head, whose sizes
// say where the others are.
const headSearch = 64

// mostCandidates bounds how many records are decoded for one that is damaged.
const mostCandidates = 128

// oneByteOff gives the records, of chunk number n, that differ from a damaged one in a single byte
// and have the right check. There is one for about each 64 KiB of payload besides that which was
// written.
//
// CRC32C is linear: the change of a byte d, with k bytes behind it, changes the sum by d's entry of
// the table after k steps over zeros. Steps can be undone, so the difference of the sums, of which
// the check has 24 bits and all 256 values of the others are tried, is led back from the end; where
// one byte of it is left, that is a change that explains the check.
func oneByteOff(damaged []byte, chunkSize int, n int64) (list []*format.Record) {
	record := bytes.Clone(damaged)
	add := func(i int, value byte) {
		was := record[i]
		record[i] = value
		if c, err := format.ParseRecord(bytes.Clone(record), chunkSize, n); err == nil && len(list) < mostCandidates {
			list = append(list, c)
		}
		record[i] = was
	}
	behind := payloads{record: record}
	for i := range min(headSearch, len(record)) {
		was := record[i]
		for value := range 256 {
			if record[i] = byte(value); record[i] == was {
				continue
			}
			if head, h := headOf(record, chunkSize); i < head && behind.check(head, n) == h.Check {
				record[i] = was
				add(i, byte(value))
			}
		}
		record[i] = was
	}
	head, h := headOf(record, chunkSize)
	if head == 0 {
		return list
	}
	wrong := behind.check(head, 0) ^ (h.Check-uint32(n))&format.CheckMask
	var states [256]uint32
	for high := range states {
		states[high] = uint32(high)<<24 | wrong
	}
	for i := len(record) - 1; i >= head && len(list) < mostCandidates; i-- {
		for j, s := range states {
			k := lastByte[s>>24]
			s = (s^format.Castagnoli[k])<<8 | uint32(k)
			if states[j] = s; s < 256 {
				add(i, record[i]^byte(s))
			}
		}
	}
	return list
}

// lastByte is which byte gives an entry of the CRC's table with this highest byte.
var lastByte = func() (t [256]byte) {
	for i, v := range format.Castagnoli {
		t[v>>24] = byte(i)
	}
	return t
}()

// headOf reads the head of a record of which these are all bytes, and gives its size; 0 if it is of
// another one.
func headOf(record []byte, chunkSize int) (int, *format.RecordHeader) {
	in := bytes.NewReader(record[1:])
	if record[0]&format.TagChunkMask != format.TagChunk {
		return 0, nil
	}
	h, err := format.ReadChunkHeader(in, record[0], chunkSize)
	if err != nil || in.Len() != h.Payload {
		return 0, nil
	}
	return len(record) - h.Payload, &h
}

// payloads gives the checks of records whose heads change and whose payloads do not, without
// summing up the latter again.
type payloads struct {
	record []byte
	head   int        // bytes; what follows is about the payload behind it
	sum    uint32     // of it alone
	shift  [32]uint32 // what it makes of each bit of the sum in front of it
}

// check is that of chunk number n, of which the head has these many bytes.
func (p *payloads) check(head int, n int64) uint32 {
	payload := p.record[head:]
	if p.head != head {
		p.head, p.sum = head, crc32.Checksum(payload, format.Castagnoli)
		for bit := range p.shift {
			p.shift[bit] = crc32.Update(1<<bit, format.Castagnoli, payload) ^ p.sum
		}
	}
	sum := p.sum
	front := crc32.Checksum(p.record[:head-format.CheckSize], format.Castagnoli)
	for bit, s := range p.shift {
		if front>>bit&1 == 1 {
			sum ^= s
		}
	}
	return (sum + uint32(n)) & format.CheckMask
}
