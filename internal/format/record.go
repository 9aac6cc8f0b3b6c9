package format

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/timestamp"
)

// Tags of what follows a header (FORMAT.md).
const (
	TagChunkMask = 0xc0
	TagChunk     = 0x80 // and flags and a method
	TagExtended  = 0x20
	TagPrimed    = 0x10
	tagMethod    = 0x0f
	TagIndex     = 0xc1
	TagAuxiliary = 0xc2
	TagLoneIndex = 0xc3
)

// Kinds of fields of a chunk's extension.
const (
	fieldLead   = 1
	fieldFailed = 2
	fieldTimes  = 4
	fieldSums   = 6
)

// The check of a record, which has its chunk's number in it, and of what is small.
const (
	CheckSize = 3 // bytes
	CheckMask = 1<<(8*CheckSize) - 1
)

// MaxLead is the most bytes of a lead: what decoding takes is in proportion to what it gives.
const MaxLead = 1 << 20

// RecordHeader is a chunk record without its payload.
type RecordHeader struct {
	Method  codec.Method
	Primed  bool
	Raw     int              // bytes of content
	Lead    int              // bytes of text in front of them that are coded and are no content
	Payload int              // bytes
	Lines   int              // '\n' in the content
	Failed  *codec.Method    // method whose payload did not give the bytes back; nil: none
	Times   *timestamp.Range // of the lines; nil: they are not known
	Sums    []uint32         // see PrefixSums; nil: there are none
	CRC32C  uint32           // CRC32C of the lead and the content
	Check   uint32           // 24 bits, chunk number included
}

// AppendChunk appends the record of chunk number index, payload included.
func AppendChunk(dst []byte, h *RecordHeader, chunkSize int, index int64, payload []byte) []byte {
	start := len(dst)
	tag := TagChunk | byte(h.Method)
	if h.Primed {
		tag |= TagPrimed
	}
	var ext []byte
	if h.Lead > 0 {
		ext = AppendField(ext, fieldLead, binary.AppendUvarint(nil, uint64(h.Lead)))
	}
	if h.Failed != nil {
		ext = AppendField(ext, fieldFailed, []byte{byte(*h.Failed)})
	}
	if h.Times != nil {
		ext = AppendField(ext, fieldTimes, appendTimes(nil, h.Times))
	}
	if len(h.Sums) > 0 {
		ext = AppendField(ext, fieldSums, appendSums(nil, h.Sums))
	}
	if len(ext) > 0 {
		tag |= TagExtended
	}
	dst = append(dst, tag)
	dst = binary.AppendUvarint(dst, uint64(chunkSize-h.Lead-h.Raw))
	dst = binary.AppendUvarint(dst, uint64(len(payload)))
	dst = binary.AppendUvarint(dst, uint64(h.Lines))
	if len(ext) > 0 {
		dst = append(binary.AppendUvarint(dst, uint64(len(ext))), ext...)
	}
	dst = binary.LittleEndian.AppendUint32(dst, h.CRC32C)
	return append(appendCheck(dst, ChunkCheck(dst[start:], payload, index)), payload...)
}

func appendCheck(dst []byte, sum uint32) []byte {
	return append(dst, byte(sum), byte(sum>>8), byte(sum>>16))
}

// check is the one that src begins with.
func check(src []byte) uint32 { return uint32(src[0]) | uint32(src[1])<<8 | uint32(src[2])<<16 }

// ChunkCheck is the check of a record whose first bytes, up to the check, are head.
func ChunkCheck(head, payload []byte, index int64) uint32 {
	sum := crc32.Update(crc32.Checksum(head, Castagnoli), Castagnoli, payload)
	return (sum + uint32(index)) & CheckMask
}

// ReadChunkHeader reads a record from behind its tag up to the payload. The caller's recorder keeps
// what is read; it ends in the check.
func ReadChunkHeader(r io.ByteReader, tag byte, chunkSize int) (h RecordHeader, err error) {
	h.Method, h.Primed = codec.Method(tag&tagMethod), tag&TagPrimed != 0
	less, err := readUvarint(r, uint64(chunkSize-1), "raw size")
	if err != nil {
		return h, err
	}
	h.Raw = chunkSize - int(less)
	payload, err := readUvarint(r, uint64(h.Raw), "payload size")
	if err != nil {
		return h, err
	}
	lines, err := readUvarint(r, uint64(h.Raw), "number of lines")
	if err != nil {
		return h, err
	}
	h.Payload, h.Lines = int(payload), int(lines)
	if tag&TagExtended != 0 {
		if err := h.readExtension(r); err != nil {
			return h, err
		}
	}
	if h.Lines > h.Raw {
		return h, fmt.Errorf("%w: %d lines in %d bytes", ErrCorrupt, h.Lines, h.Raw)
	}
	var tail [4 + CheckSize]byte
	for i := range tail {
		if tail[i], err = r.ReadByte(); err != nil {
			return h, Truncated(err)
		}
	}
	h.CRC32C = binary.LittleEndian.Uint32(tail[:])
	h.Check = check(tail[4:])
	return h, nil
}

func (h *RecordHeader) readExtension(r io.ByteReader) error {
	n, err := readUvarint(r, MaxFields, "length of the extension")
	if err != nil {
		return err
	}
	ext := make([]byte, n)
	for i := range ext {
		if ext[i], err = r.ReadByte(); err != nil {
			return Truncated(err)
		}
	}
	fields, err := parseFields(ext)
	if err != nil {
		return err
	}
	for _, f := range fields {
		if f.kind == fieldLead {
			lead, n := binary.Uvarint(f.value)
			if n != len(f.value) || h.Primed || lead < 1 || lead > MaxLead || lead >= uint64(h.Raw) {
				return fmt.Errorf("%w: lead of a chunk that has none of that size", ErrCorrupt)
			}
			h.Lead, h.Raw = int(lead), h.Raw-int(lead)
		} else if f.kind == fieldTimes {
			h.Times = parseTimes(f.value) // without them the chunk is read
		} else if f.kind == fieldSums {
			if h.Lead == 0 {
				h.Sums = parseSums(f.value, h.Raw) // and all of it without these
			}
		} else if f.kind == fieldFailed && len(f.value) == 1 {
			h.Failed = new(codec.Method)
			*h.Failed = codec.Method(f.value[0])
		} else if err := refuseUnknown("chunk field", f.kind); err != nil {
			return err
		}
	}
	return nil
}

// verifyCheck compares the check of a record; head is the record up to the check.
func (h *RecordHeader) verifyCheck(head, payload []byte, index int64) error {
	at := (h.Check - ChunkCheck(head, payload, 0)) & CheckMask // its number, if it is intact
	want := uint32(index) & CheckMask
	if at == want {
		return nil
	}
	// Damage gives any of 2^24 numbers; one that is near is a record from elsewhere in the frame.
	if far := min(at-want, want-at); far < 1<<12 {
		return fmt.Errorf("%w: this is chunk %d, chunk %d belongs here", ErrCorrupt, int64(index)+int64(int32(at-want)), index)
	}
	return fmt.Errorf("%w: the check of the record does not match", ErrCorrupt)
}

// ParseRecord takes a whole record, of chunk number index, apart. The payload is a view of it.
func ParseRecord(record []byte, chunkSize int, index int64) (*Record, error) {
	in := bytes.NewReader(record)
	tag, err := in.ReadByte()
	if err != nil {
		return nil, Truncated(err)
	}
	if tag&TagChunkMask != TagChunk {
		return nil, fmt.Errorf("%w: no chunk begins with %02x", ErrCorrupt, tag)
	}
	c := &Record{Number: index, Whole: true}
	if c.RecordHeader, err = ReadChunkHeader(in, tag, chunkSize); err != nil {
		return nil, err
	}
	if in.Len() != c.RecordHeader.Payload {
		return nil, fmt.Errorf("%w: payload of %d bytes, want %d", ErrCorrupt, in.Len(), c.RecordHeader.Payload)
	}
	head := record[:len(record)-in.Len()]
	c.Payload = record[len(head):]
	return c, c.verifyCheck(head[:len(head)-CheckSize], c.Payload, index)
}
