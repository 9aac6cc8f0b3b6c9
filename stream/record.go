package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/lmz-go/lmz/codec"
)

// Tags of what follows a header (FORMAT.md).
const (
	tagChunkMask = 0xc0
	tagChunk     = 0x80 // and flags and a method
	tagExtended  = 0x20
	tagPrimed    = 0x10
	tagMethod    = 0x0f
	tagIndex     = 0xc1
	tagAuxiliary = 0xc2
)

// Kinds of fields of a chunk's extension.
const fieldFailed = 2

const (
	checkSize = 3
	checkMask = 1<<(8*checkSize) - 1
)

// chunkHeader is a chunk record without its payload.
type chunkHeader struct {
	method  codec.Method
	primed  bool
	raw     int           // bytes
	payload int           // bytes
	lines   int           // '\n' in the raw bytes
	failed  *codec.Method // method whose payload did not give the raw bytes back; nil: there was none
	crc     uint32        // CRC32C of the raw bytes
	check   uint32        // 24 bits, chunk number included
}

// appendChunk appends the record of chunk number index, payload included.
func appendChunk(dst []byte, h *chunkHeader, chunkSize int, index int64, payload []byte) []byte {
	start := len(dst)
	tag := tagChunk | byte(h.method)
	if h.primed {
		tag |= tagPrimed
	}
	if h.failed != nil {
		tag |= tagExtended
	}
	dst = append(dst, tag)
	dst = binary.AppendUvarint(dst, uint64(chunkSize-h.raw))
	dst = binary.AppendUvarint(dst, uint64(len(payload)))
	dst = binary.AppendUvarint(dst, uint64(h.lines))
	if h.failed != nil {
		ext := appendField(nil, fieldFailed, []byte{byte(*h.failed)})
		dst = append(binary.AppendUvarint(dst, uint64(len(ext))), ext...)
	}
	dst = binary.LittleEndian.AppendUint32(dst, h.crc)
	check := chunkCheck(dst[start:], payload, index)
	dst = append(dst, byte(check), byte(check>>8), byte(check>>16))
	return append(dst, payload...)
}

// chunkCheck is the check of a record whose first bytes, up to the check, are head.
func chunkCheck(head, payload []byte, index int64) uint32 {
	sum := crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, payload)
	return (sum + uint32(index)) & checkMask
}

// readChunkHeader reads a record from behind its tag up to the payload. The caller's recorder keeps what is read; it ends
// in the check.
func readChunkHeader(r io.ByteReader, tag byte, chunkSize int) (h chunkHeader, err error) {
	h.method, h.primed = codec.Method(tag&tagMethod), tag&tagPrimed != 0
	less, err := readUvarint(r, uint64(chunkSize-1), "raw size")
	if err != nil {
		return h, err
	}
	h.raw = chunkSize - int(less)
	payload, err := readUvarint(r, uint64(h.raw), "payload size")
	if err != nil {
		return h, err
	}
	lines, err := readUvarint(r, uint64(h.raw), "number of lines")
	if err != nil {
		return h, err
	}
	h.payload, h.lines = int(payload), int(lines)
	if tag&tagExtended != 0 {
		if err := h.readExtension(r); err != nil {
			return h, err
		}
	}
	var tail [4 + checkSize]byte
	for i := range tail {
		if tail[i], err = r.ReadByte(); err != nil {
			return h, truncated(err)
		}
	}
	h.crc = binary.LittleEndian.Uint32(tail[:])
	h.check = uint32(tail[4]) | uint32(tail[5])<<8 | uint32(tail[6])<<16
	return h, nil
}

func (h *chunkHeader) readExtension(r io.ByteReader) error {
	n, err := readUvarint(r, maxFields, "length of the extension")
	if err != nil {
		return err
	}
	ext := make([]byte, n)
	for i := range ext {
		if ext[i], err = r.ReadByte(); err != nil {
			return truncated(err)
		}
	}
	fields, err := parseFields(ext)
	if err != nil {
		return err
	}
	for _, f := range fields {
		if f.kind == fieldFailed && len(f.value) == 1 {
			h.failed = new(codec.Method)
			*h.failed = codec.Method(f.value[0])
		} else if err := refuseUnknown("chunk field", f.kind); err != nil {
			return err
		}
	}
	return nil
}

// verifyCheck compares the check of a record; head is the record up to the check.
func (h *chunkHeader) verifyCheck(head, payload []byte, index int64) error {
	at := (h.check - chunkCheck(head, payload, 0)) & checkMask // the number it was written with, if it is intact
	want := uint32(index) & checkMask
	if at == want {
		return nil
	}
	// Damage gives any of 2^24 numbers; one that is near is a record from elsewhere in the frame.
	if far := min(at-want, want-at); far < 1<<12 {
		return fmt.Errorf("%w: this is chunk %d, chunk %d belongs here", ErrCorrupt, int64(index)+int64(int32(at-want)), index)
	}
	return fmt.Errorf("%w: the check of the record does not match", ErrCorrupt)
}

// parseRecord takes a whole record, of chunk number index, apart. The payload is a view of it.
func parseRecord(record []byte, chunkSize int, index int64) (*chunk, error) {
	in := bytes.NewReader(record)
	tag, err := in.ReadByte()
	if err != nil {
		return nil, truncated(err)
	}
	if tag&tagChunkMask != tagChunk {
		return nil, fmt.Errorf("%w: no chunk begins with %02x", ErrCorrupt, tag)
	}
	c := &chunk{number: index, whole: true}
	if c.chunkHeader, err = readChunkHeader(in, tag, chunkSize); err != nil {
		return nil, err
	}
	if in.Len() != c.chunkHeader.payload {
		return nil, fmt.Errorf("%w: payload of %d bytes, want %d", ErrCorrupt, in.Len(), c.chunkHeader.payload)
	}
	head := record[:len(record)-in.Len()]
	c.payload = record[len(head):]
	return c, c.verifyCheck(head[:len(head)-checkSize], c.payload, index)
}
