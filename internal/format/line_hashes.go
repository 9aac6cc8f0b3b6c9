package format

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/lmz-go/lmz/internal/merkle"
)

// The hashes of a frame's lines follow its last chunk, in an auxiliary record.
const (
	AuxLines      = 8
	MinHashed     = 1 << 20  // bytes of content of a frame that gets them; less is sooner decoded
	minHashedPart = 64 << 10 // bytes of content for each hash but one, on average
)

// AppendLineHashes appends the body of the record.
func AppendLineHashes(dst []byte, t *merkle.Tree) []byte {
	dst = binary.AppendUvarint(dst, uint64(t.Leaves))
	dst = append(dst, byte(t.Height))
	for _, h := range t.Blocks {
		dst = append(dst, h[:]...)
	}
	return dst
}

// ParseLineHashes takes the body of the record of a frame with so many bytes and line ends apart.
func ParseLineHashes(body []byte, raw, lines int64) (*merkle.Tree, error) {
	wrong := fmt.Errorf("%w: record of line hashes", ErrCorrupt)
	leaves, body, ok := CutUvarint(body)
	if !ok || leaves == 0 || leaves != uint64(lines) && leaves != uint64(lines)+1 || len(body) == 0 || body[0] > 62 {
		return nil, wrong
	}
	t := &merkle.Tree{Leaves: int64(leaves), Height: int(body[0])}
	body = body[1:]
	n := merkle.Count(t.Leaves, t.Height)
	if n > 1+raw/minHashedPart || n > math.MaxInt/int64(len(merkle.Hash{})) || len(body) != int(n)*len(merkle.Hash{}) {
		return nil, wrong
	}
	t.Blocks = make([]merkle.Hash, n)
	for i := range t.Blocks {
		body = body[copy(t.Blocks[i][:], body):]
	}
	return t, nil
}

// ReadLineHashes finds the record of a frame with so many bytes and line ends among the auxiliary
// records from at up to end, and says where it is; nil if there is none that is intact and has at
// most limit bytes.
func ReadLineHashes(r io.ReaderAt, at, end, raw, lines, limit int64) (t *merkle.Tree, offset, size int64) {
	most := int(min(limit, math.MaxInt))
	offset, size = findAuxiliary(r, at, end, AuxLines, most, func(body []byte) (err error) {
		t, err = ParseLineHashes(body, raw, lines)
		return err
	})
	return t, offset, size
}
