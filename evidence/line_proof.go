package evidence

import (
	"bytes"
	"fmt"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/lmz-go/lmz/internal/merkle"
)

// LineProof says that an archive has a line.
type LineProof struct {
	Type   string `json:"type"` // LineType
	Line   int64  `json:"line"` // its number, from 1
	Text   []byte `json:"text"` // of the line, with its line end; the last line may have none
	Leaf   int64  `json:"leaf"` // its number in its frame, from 0
	Leaves int64  `json:"leaves"`
	Path   []byte `json:"path"`   // from the leaf to the root of the frame
	Before int64  `json:"before"` // line ends in front of the frame
	Open   bool   `json:"open"`   // the frame begins within a line

	Frame     int64  `json:"frame"` // its number, from 0, of those that hold something
	Frames    int64  `json:"frames"`
	FramePath []byte `json:"frame_path"` // from the frame's leaf to the root of the archive
}

// Verify says whether the archive with this root has the line, or else an ErrNotProven.
func (p *LineProof) Verify(root Root) error {
	end := bytes.IndexByte(p.Text, '\n')
	switch {
	case p.Leaf < 0 || p.Leaf >= p.Leaves || p.Frame < 0 || p.Frame >= p.Frames || p.Before < 0:
		return fmt.Errorf("%w: leaf %d of %d of frame %d of %d", ErrNotProven, p.Leaf, p.Leaves, p.Frame, p.Frames)
	case p.Leaf == 0 && p.Open:
		return fmt.Errorf("%w: the line begins in another frame", ErrNotProven)
	case p.Line-1 != p.Before+p.Leaf:
		return fmt.Errorf("%w: line %d is said to be line %d", ErrNotProven, p.Before+p.Leaf+1, p.Line)
	case len(p.Text) == 0 || end >= 0 && end != len(p.Text)-1:
		return fmt.Errorf("%w: %d bytes that are not one line", ErrNotProven, len(p.Text))
	case end < 0 && (p.Leaf != p.Leaves-1 || p.Frame != p.Frames-1):
		return fmt.Errorf("%w: a line without an end that is not the last one", ErrNotProven)
	}
	leaf := merkle.Leaf(p.Text)
	frame, err := rootOf(p.Leaf, p.Leaves, leaf, p.Path)
	if err != nil {
		return err
	}
	got, err := rootOf(p.Frame, p.Frames, frameLeaf(p.Before, p.Open, p.Leaves, frame), p.FramePath)
	if err == nil && Root(got) != root {
		err = fmt.Errorf("%w: the line is of an archive with root %v, want %v", ErrNotProven, Root(got), root)
	}
	return err
}

// rootOf is the root of the tree in which a leaf has this path.
func rootOf(i, n int64, leaf merkle.Hash, path []byte) (root merkle.Hash, err error) {
	list, err := hashes(path)
	if err != nil {
		return root, err
	}
	got, err := proof.RootFromInclusionProof(rfc6962.DefaultHasher, uint64(i), uint64(n), leaf[:], list)
	if err != nil {
		return root, fmt.Errorf("%w: %w", ErrNotProven, err)
	}
	copy(root[:], got)
	return root, nil
}
