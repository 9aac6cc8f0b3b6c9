package merkle

import "crypto/sha256"

// Tree is what is kept of one: the roots of blocks of 2^Height leaves, of which the last one may
// have fewer.
type Tree struct {
	Leaves int64
	Height int // 0 … 62
	Blocks []Hash
}

// Count is how many blocks a tree has.
func Count(leaves int64, height int) int64 {
	n := leaves >> height
	if leaves&(1<<height-1) > 0 {
		n++
	}
	return n
}

// Range is that of the blocks in front of a number, all of which must be full.
func (t *Tree) Range(blocks int64) *Range {
	r := From(0)
	for _, h := range t.Blocks[:blocks] {
		r.Add(t.Height, h)
	}
	return r
}

// Root is the root hash.
func (t *Tree) Root() Hash {
	if t.Leaves == 0 {
		return sha256.Sum256(nil)
	}
	full := t.Leaves >> t.Height
	nodes := t.Range(full).nodes
	if full < int64(len(t.Blocks)) {
		nodes = append(nodes, node{hash: t.Blocks[full]})
	}
	return fold(nodes)
}

// Of gives the tree of a range from 0 on.
func Of(r *Range) *Tree {
	t := &Tree{Leaves: r.End, Height: r.Height}
	full := int(r.full())
	for _, n := range r.nodes[:full] {
		t.Blocks = append(t.Blocks, n.hash)
	}
	if rest := r.nodes[full:]; len(rest) > 0 {
		t.Blocks = append(t.Blocks, fold(rest))
	}
	return t
}

// Raise gives the tree with blocks of 2^height leaves, which are not fewer than it has.
func (t *Tree) Raise(height int) *Tree {
	raised := &Tree{Leaves: t.Leaves, Height: height}
	for first := int64(0); first < t.Leaves; first += 1 << height {
		at := first >> t.Height
		end := min(int64(len(t.Blocks)), at+1<<(height-t.Height))
		part := Tree{Leaves: min(t.Leaves-first, 1<<height), Height: t.Height, Blocks: t.Blocks[at:end]}
		raised.Blocks = append(raised.Blocks, part.Root())
	}
	return raised
}

// Agrees says whether two are of the same leaves, as far as the blocks of both tell.
func (t *Tree) Agrees(o *Tree) bool {
	if t.Leaves != o.Leaves {
		return false
	}
	height := max(t.Height, o.Height)
	a, b := t.Raise(height), o.Raise(height)
	for i := range a.Blocks {
		if a.Blocks[i] != b.Blocks[i] {
			return false
		}
	}
	return true
}
