package format

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Tail is the end of a frame: its index, as it is read from behind.
type Tail struct {
	Start int64  // of the frame in the archive
	Index int64  // of the index in the archive
	Total sums   // of the frame; Records is 0, as that takes its header
	rest  []byte // of the index: groups and sections
}

// ReadTail reads the footer that ends at end, or in front of padding there, and the index in front
// of it. It returns nil if there is none that is intact, and ErrTooLarge for one that takes more
// than limit bytes of memory.
func ReadTail(r io.ReaderAt, end, limit int64) (*Tail, error) {
	end, err := TrimPadding(r, end)
	if err != nil || end < FooterSize {
		return nil, err
	}
	var footer [FooterSize]byte
	if _, err := r.ReadAt(footer[:], end-FooterSize); err != nil && err != io.EOF {
		return nil, err
	}
	size := int64(binary.LittleEndian.Uint32(footer[:]))
	if string(footer[4:]) != FooterMagic || size < 4+2 || size > end-FooterSize {
		return nil, nil
	}
	if size*tailMemory > limit {
		return nil, fmt.Errorf("%w: an index of %d bytes", ErrTooLarge, size)
	}
	t := &Tail{Index: end - FooterSize - size}
	record := make([]byte, size)
	if _, err := r.ReadAt(record, t.Index); err != nil && err != io.EOF {
		return nil, err
	}
	body, sum := record[:size-4], binary.LittleEndian.Uint32(record[size-4:])
	if body[0] != TagIndex || crc32.Checksum(body, Castagnoli) != sum {
		return nil, nil
	}
	n, body, ok := CutUvarint(body[1:])
	if !ok || n != uint64(len(body)) {
		return nil, nil
	}
	var v [4]uint64
	for i := range v {
		if v[i], body, ok = CutUvarint(body); !ok || v[i] > MaxContent {
			return nil, nil
		}
	}
	if v[0] > uint64(t.Index) || v[2] < v[1] || v[3] > v[2] || v[1] > uint64(size+1)*GroupSize {
		return nil, nil
	}
	t.Start = t.Index - int64(v[0])
	t.Total = sums{Chunks: int64(v[1]), Raw: int64(v[2]), Lines: int64(v[3])}
	t.rest = body
	return t, nil
}

// tailMemory is how many bytes of memory a byte of an index may take: a group has at least three,
// and becomes a place.
const tailMemory = 16

// Memory is the most bytes that the Places of the frame take.
func (t *Tail) Memory() int64 { return int64(len(t.rest)) * tailMemory }

// Agrees says whether the index tells of the records that x has counted, behind a header of this
// size. Sections are not looked at.
func (t *Tail) Agrees(x *Index, header int64) bool {
	sum := x.Total
	sum.Records = 0
	return t.Index-t.Start == header+x.Total.Records && t.Total == sum && bytes.HasPrefix(t.rest, x.groups)
}

// Places gives where the groups of the frame begin, and its end, for a frame with this chunk size
// whose records begin at first.
func (t *Tail) Places(chunkSize int, first int64) ([]Place, error) {
	wrong := fmt.Errorf("%w: index", ErrCorrupt)
	at := Place{Offset: first}
	places := []Place{at}
	body := t.rest
	full := int64(GroupSize) * int64(chunkSize)
	for left := t.Total.Chunks; left > 0; left -= GroupSize {
		g := sums{Records: t.Index - at.Offset, Raw: t.Total.Raw - at.Raw, Lines: t.Total.Lines - at.Lines, Chunks: left}
		if left > GroupSize {
			var v [3]uint64
			for i := range v {
				var ok bool
				if v[i], body, ok = CutUvarint(body); !ok || v[i] > MaxContent {
					return nil, wrong
				}
			}
			g = sums{Records: int64(v[0]), Raw: full - int64(v[1]), Lines: int64(v[2]), Chunks: GroupSize}
		}
		if g.Records < g.Chunks*MinRecord || g.Raw < g.Chunks || g.Raw > g.Chunks*int64(chunkSize) || g.Lines < 0 || g.Lines > g.Raw {
			return nil, wrong
		}
		at = Place{at.Offset + g.Records, at.Raw + g.Raw, at.Lines + g.Lines}
		places = append(places, at)
	}
	if t.Total.Chunks == 0 {
		if t.Total.Raw > 0 || t.Total.Lines > 0 {
			return nil, wrong
		}
		at.Offset = t.Index
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

// MinRecord is the fewest bytes of a chunk record: tag, three varints, CRC32C and check.
const MinRecord = 1 + 3 + 4 + CheckSize
