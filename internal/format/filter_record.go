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
	MaxFilter     = 1 << 16                        // bytes of a table of one chunk
	maxFilterBody = 20 + GroupSize*(2*MaxFilter+9) // bytes of a record's body
	FilterContext = gram.Size - 1                  // bytes in front of a chunk that grams may span
)

// ChunkFilter is what a filter record says of one chunk.
type ChunkFilter struct {
	gram.Filter
	Ends bool // with a line end
}

// AppendFilters appends the body of the record for chunks from a number on.
func AppendFilters(dst []byte, first int64, group []ChunkFilter) []byte {
	dst = binary.AppendUvarint(dst, uint64(first))
	for _, c := range group {
		letters, digits := &c.Filter[gram.Letters], &c.Filter[gram.Digits]
		size := uint64(len(letters.Bits)) << 1
		if c.Ends {
			size |= 1
		}
		dst = binary.AppendUvarint(dst, size)
		dst = binary.AppendUvarint(dst, uint64(len(digits.Bits)))
		dst = append(dst, byte(letters.Step), byte(digits.Step), byte(letters.Width|digits.Width<<4))
		dst = append(append(dst, letters.Bits...), digits.Bits...)
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
		digits, rest, ok2 := CutUvarint(rest)
		letters := size >> 1
		if !ok || !ok2 || max(letters, digits) > MaxFilter || uint64(len(rest)) < 3+letters+digits {
			return nil, wrong
		}
		steps, widths, rest := rest[:2], rest[2], rest[3:]
		f := gram.Filter{
			gram.Letters: {Step: int(steps[0]), Width: int(widths & 15), Bits: rest[:letters:letters]},
			gram.Digits:  {Step: int(steps[1]), Width: int(widths >> 4), Bits: rest[letters : letters+digits : letters+digits]},
		}
		for _, t := range f {
			if t.Step > gram.MaxStep || t.Width > gram.MaxWidth {
				return nil, wrong
			}
		}
		group = append(group, ChunkFilter{Ends: size&1 == 1, Filter: f})
		body = rest[letters+digits:]
	}
	if len(body) > 0 {
		return nil, wrong
	}
	return group, nil
}

// ReadFilters finds the filter record for count chunks from number first on among the auxiliary
// records from at up to end, and says where it is; nil if there is none that is intact.
func ReadFilters(r io.ReaderAt, at, end, first, count int64) (group []ChunkFilter, offset, size int64) {
	offset, size = findAuxiliary(r, at, end, AuxFilter, maxFilterBody, func(body []byte) (err error) {
		group, err = ParseFilters(body, first, count)
		return err
	})
	return group, offset, size
}
