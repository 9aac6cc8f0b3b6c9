package evidence

import (
	"errors"
	"fmt"
	"sort"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/lmz-go/lmz/internal/merkle"
	"github.com/lmz-go/lmz/stream"
)

// MaxLine is the most bytes of a line that is proven.
const MaxLine = 1 << 20

// Prover makes the proofs of an archive.
type Prover struct {
	archive *stream.Archive
	frames  []frame // that hold something
	leaves  []merkle.Hash
}

// frame is one with the tree of its lines.
type frame struct {
	stream.FrameLines
	tree *merkle.Tree
	open bool // it begins within a line
}

// New makes a Prover of an archive, which must stay open. It reads the hashes that frames keep of
// their lines, and decodes frames that have none: those of less than 1 MiB, and those that were
// written without. The archive must be whole; whether the hashes are those of the lines is not
// looked at (lmz -t does).
func New(archive *stream.Archive) (*Prover, error) {
	list, err := archive.FrameLines()
	if err != nil {
		return nil, err
	}
	p := &Prover{archive: archive}
	open := false
	for _, l := range list {
		if l.Size == 0 {
			continue
		}
		f := frame{l, l.Hashes, open}
		if f.tree == nil {
			var lines merkle.Lines
			if _, err := archive.WriteRange(&lines, l.Offset, l.Size); err != nil {
				return nil, err
			}
			f.tree = lines.Tree()
		}
		open = f.tree.Leaves > f.Lines
		p.frames = append(p.frames, f)
		p.leaves = append(p.leaves, frameLeaf(f.Before, f.open, f.tree.Leaves, f.tree.Root()))
	}
	return p, nil
}

// Head is that of the archive.
func (p *Prover) Head() Head { return p.head(len(p.frames)) }

// head is that of the archive's first frames.
func (p *Prover) head(frames int) Head {
	tree := merkle.Tree{Leaves: int64(frames), Blocks: p.leaves[:frames]}
	h := Head{Type: HeadType, Root: Root(tree.Root()), Frames: int64(frames)}
	if frames > 0 {
		last := p.frames[frames-1]
		h.Lines, h.Bytes = last.Before+last.Lines, last.Offset+last.Size
	}
	return h
}

// Line proves a line, by its number, from 1. It decodes the chunks of the block that has it. Of a
// line that is not there, that has more than MaxLine bytes, or that begins in a frame and ends in
// another, there is no proof: ErrLine.
func (p *Prover) Line(number int64) (*LineProof, error) {
	i := sort.Search(len(p.frames), func(i int) bool { f := &p.frames[i]; return f.Before+f.Lines >= number })
	if n := len(p.frames); i == n && n > 0 && number == p.frames[n-1].Before+p.frames[n-1].tree.Leaves {
		i = n - 1 // the last line has no end
	}
	if number < 1 || i == len(p.frames) {
		return nil, fmt.Errorf("%w: line %d of %d", ErrLine, number, p.Head().Lines)
	}
	f := &p.frames[i]
	leaf := number - 1 - f.Before
	if leaf == 0 && f.open {
		return nil, fmt.Errorf("%w: line %d begins in one frame and ends in another", ErrLine, number)
	}
	from, err := f.start(p.archive, leaf)
	if err != nil {
		return nil, err
	}
	to, err := f.start(p.archive, leaf+1)
	if err != nil {
		return nil, err
	}
	if to-from > MaxLine {
		return nil, fmt.Errorf("%w: line %d has %d bytes, want %d at most", ErrLine, number, to-from, MaxLine)
	}
	text := make([]byte, to-from)
	if _, err := p.archive.ReadAt(text, from); err != nil {
		return nil, err
	}
	path, err := f.path(p.archive, leaf)
	if err != nil {
		return nil, err
	}
	all := merkle.Tree{Leaves: int64(len(p.leaves)), Blocks: p.leaves}
	behind := merkle.From(int64(i) + 1)
	for _, h := range p.leaves[i+1:] {
		behind.Add(0, h)
	}
	l := &LineProof{
		Type: LineType, Line: number, Text: text, Leaf: leaf, Leaves: f.tree.Leaves, Path: joined(path), Before: f.Before, Open: f.open,
		Frame: int64(i), Frames: all.Leaves, FramePath: joined(merkle.Path(int64(i), all.Range(int64(i)), behind, nil)),
	}
	if err := l.Verify(p.Head().Root); err != nil {
		return nil, fmt.Errorf("%w: the hashes of the archive are not those of its lines; lmz repair makes them anew", errors.Join(stream.ErrCorrupt, err))
	}
	return l, nil
}

// start is where a leaf begins in the content, or for one behind the last one where the frame ends.
func (f *frame) start(archive *stream.Archive, leaf int64) (int64, error) {
	switch leaf {
	case 0:
		return f.Offset, nil
	case f.tree.Leaves:
		return f.Offset + f.Size, nil
	}
	return archive.LineOffset(f.Before + leaf)
}

// path is the audit path of a leaf in its frame. It decodes the block that has it.
func (f *frame) path(archive *stream.Archive, leaf int64) ([]merkle.Hash, error) {
	t := f.tree
	block := leaf >> t.Height
	first := block << t.Height
	end := t.Leaves
	if block < int64(len(t.Blocks))-1 {
		end = first + 1<<t.Height
	}
	from, err := f.start(archive, first)
	if err != nil {
		return nil, err
	}
	to, err := f.start(archive, end)
	if err != nil {
		return nil, err
	}
	left, right, at := t.Range(block), merkle.From(leaf+1), first
	split := merkle.Splitter{Leaf: func(h merkle.Hash) {
		switch {
		case at < leaf:
			left.Add(0, h)
		case at > leaf:
			right.Add(0, h)
		}
		at++
	}}
	if _, err := archive.WriteRange(&split, from, to-from); err != nil {
		return nil, err
	}
	split.End()
	var rest *merkle.Hash
	for i := block + 1; i < int64(len(t.Blocks)); i++ {
		if i < t.Leaves>>t.Height {
			right.Add(t.Height, t.Blocks[i])
		} else {
			rest = &t.Blocks[i]
		}
	}
	return merkle.Path(leaf, left, right, rest), nil
}

// Extension proves that the archive extends one with an earlier head, whose root and number of
// frames count; ErrNotExtended if it does not.
func (p *Prover) Extension(old Head) (*ExtensionProof, error) {
	if old.Frames < 0 || old.Frames > int64(len(p.frames)) {
		return nil, fmt.Errorf("%w: that had %d frames, this has %d", ErrNotExtended, old.Frames, len(p.frames))
	}
	if is := p.head(int(old.Frames)); is.Root != old.Root {
		return nil, fmt.Errorf("%w: the first %d frames have root %v, that had %v", ErrNotExtended, old.Frames, is.Root, old.Root)
	}
	nodes, err := proof.Consistency(uint64(old.Frames), uint64(len(p.frames)))
	if err != nil {
		return nil, err
	}
	var list [][]byte
	for _, id := range nodes.IDs {
		list = append(list, p.node(id))
	}
	path, err := nodes.Rehash(list, rfc6962.DefaultHasher.HashChildren)
	if err != nil {
		return nil, err
	}
	e := &ExtensionProof{Type: ExtensionType, Old: p.head(int(old.Frames)), New: p.Head()}
	for _, h := range path {
		e.Path = append(e.Path, h...)
	}
	return e, e.Verify(old.Root, e.New.Root)
}

// node is a perfect tree over frames.
func (p *Prover) node(id compact.NodeID) []byte {
	first, end := id.Coverage()
	t := merkle.Tree{Leaves: int64(end - first), Blocks: p.leaves[first:end]}
	h := t.Root()
	return h[:]
}
