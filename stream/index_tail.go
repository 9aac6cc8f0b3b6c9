package stream

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// tail is the end of a frame: its index, as it is read from behind.
type tail struct {
	start int64 // of the frame in the archive
	index int64 // of the index in the archive
	total sums  // of the frame; records is only known with its header
	rest  []byte
}

// readTail reads the footer that ends at end and the index in front of it. It returns nil if there is none that is intact, and
// ErrTooLarge for one that takes more than limit bytes of memory.
func readTail(r io.ReaderAt, end, limit int64) (*tail, error) {
	var footer [footerSize]byte
	if end < footerSize {
		return nil, nil
	}
	if _, err := r.ReadAt(footer[:], end-footerSize); err != nil && err != io.EOF {
		return nil, err
	}
	size := int64(binary.LittleEndian.Uint32(footer[:]))
	if string(footer[4:]) != footerMagic || size < 4+2 || size > end-footerSize {
		return nil, nil
	}
	if size*tailMemory > limit {
		return nil, fmt.Errorf("%w: an index of %d bytes", ErrTooLarge, size)
	}
	t := &tail{index: end - footerSize - size}
	record := make([]byte, size)
	if _, err := r.ReadAt(record, t.index); err != nil && err != io.EOF {
		return nil, err
	}
	body, sum := record[:size-4], binary.LittleEndian.Uint32(record[size-4:])
	if body[0] != tagIndex || crc32.Checksum(body, castagnoli) != sum {
		return nil, nil
	}
	n, body, ok := cutUvarint(body[1:])
	if !ok || n != uint64(len(body)) {
		return nil, nil
	}
	var v [4]uint64
	for i := range v {
		if v[i], body, ok = cutUvarint(body); !ok || v[i] > maxContent {
			return nil, nil
		}
	}
	if v[0] > uint64(t.index) || v[2] < v[1] || v[3] > v[2] || v[1] > uint64(size+1)*groupSize {
		return nil, nil
	}
	t.start = t.index - int64(v[0])
	t.total = sums{chunks: int64(v[1]), raw: int64(v[2]), lines: int64(v[3])}
	t.rest = body
	return t, nil
}

// tailMemory is how many bytes of memory a byte of an index may take: a group has at least three, and becomes a place.
const tailMemory = 16

func (t *tail) memory() int64 { return int64(len(t.rest)) * tailMemory }

// places gives where the groups of the frame begin, and its end, for a frame with this chunk size whose records begin at first.
func (t *tail) places(chunkSize int, first int64) ([]place, error) {
	wrong := fmt.Errorf("%w: index", ErrCorrupt)
	at := place{offset: first}
	places := []place{at}
	body := t.rest
	full := int64(groupSize) * int64(chunkSize)
	for left := t.total.chunks; left > 0; left -= groupSize {
		g := sums{records: t.index - at.offset, raw: t.total.raw - at.raw, lines: t.total.lines - at.lines, chunks: left}
		if left > groupSize {
			var v [3]uint64
			for i := range v {
				var ok bool
				if v[i], body, ok = cutUvarint(body); !ok || v[i] > maxContent {
					return nil, wrong
				}
			}
			g = sums{records: int64(v[0]), raw: full - int64(v[1]), lines: int64(v[2]), chunks: groupSize}
		}
		if g.records < g.chunks*minRecord || g.raw < g.chunks || g.raw > g.chunks*int64(chunkSize) || g.lines < 0 || g.lines > g.raw {
			return nil, wrong
		}
		at = place{at.offset + g.records, at.raw + g.raw, at.lines + g.lines}
		places = append(places, at)
	}
	if t.total.chunks == 0 {
		if t.total.raw > 0 || t.total.lines > 0 {
			return nil, wrong
		}
		at.offset = t.index
		places = append(places, at)
	}
	sections, err := parseFields(body)
	if err != nil {
		return nil, err
	}
	for _, s := range sections {
		if err := refuseUnknown("index section", s.kind); err != nil {
			return nil, err
		}
	}
	return places, nil
}

// minRecord is the fewest bytes of a chunk record: tag, three varints, CRC32C and check.
const minRecord = 1 + 3 + 4 + checkSize
