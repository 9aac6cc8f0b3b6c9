package format

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/internal/gram"
)

// The filters of a group of chunks follow its last one, in an auxiliary record.
const (
	AuxFilter     = 4
	MaxFilter     = 1 << 16                      // bytes of the table of one chunk
	maxFilterBody = 20 + GroupSize*(MaxFilter+4) // bytes of a record's body
	NoFilter      = gram.None | gram.None<<4     // shifts of a chunk that has none
	FilterContext = gram.Size - 1                // bytes in front of a chunk that grams may span
)

// ChunkFilter is what a filter record says of one chunk.
type ChunkFilter struct {
	gram.Filter
	Ends bool // with a line end
}

// Shifts are those of both classes, as the record has them.
func (c *ChunkFilter) Shifts() byte { return byte(c.Shift[gram.Letters] | c.Shift[gram.Others]<<4) }

// AppendFilters appends the body of the record for chunks from a number on.
func AppendFilters(dst []byte, first int64, group []ChunkFilter) []byte {
	dst = binary.AppendUvarint(dst, uint64(first))
	for _, c := range group {
		size := uint64(len(c.Table)) << 1
		if c.Ends {
			size |= 1
		}
		dst = binary.AppendUvarint(dst, size)
		dst = append(dst, c.Shifts())
		dst = append(dst, c.Table...)
	}
	return dst
}

// ParseFilters takes the body of a record for count chunks from number first on apart. The tables
// are views of it.
func ParseFilters(body []byte, first, count int64) ([]ChunkFilter, error) {
	wrong := fmt.Errorf("%w: filter record", ErrCorrupt)
	n, body, ok := CutUvarint(body)
	if !ok || n != uint64(first) {
		return nil, wrong
	}
	var group []ChunkFilter
	for range count {
		size, rest, ok := CutUvarint(body)
		if !ok || size>>1 > MaxFilter || len(rest) < 1 || uint64(len(rest)-1) < size>>1 {
			return nil, wrong
		}
		c := ChunkFilter{Ends: size&1 == 1}
		c.Shift[gram.Letters], c.Shift[gram.Others] = int(rest[0]&15), int(rest[0]>>4)
		c.Table, body = rest[1:1+size>>1], rest[1+size>>1:]
		group = append(group, c)
	}
	if len(body) > 0 {
		return nil, wrong
	}
	return group, nil
}

// ReadFilters finds the filter record for count chunks from number first on among the auxiliary
// records from at up to end, and says where it is; nil if there is none that is intact.
func ReadFilters(r io.ReaderAt, at, end, first, count int64) (group []ChunkFilter, offset, size int64) {
	in := NewRecorder(io.NewSectionReader(r, at, end-at), 4<<10)
	in.Off = at
	for {
		offset := in.Off
		in.reset()
		if tag, err := in.ReadByte(); err != nil || tag != TagAuxiliary {
			return nil, 0, 0
		}
		kind, body, err := readAuxiliaryBody(in, maxFilterBody)
		if err != nil {
			return nil, 0, 0
		}
		if kind != AuxFilter {
			continue
		}
		if group, err := ParseFilters(body, first, count); err == nil {
			return group, offset, in.Off - offset
		}
	}
}
