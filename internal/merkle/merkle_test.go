package merkle

import (
	"bytes"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"pgregory.net/rapid"
)

// lines are the leaves of a content.
func lines(content []byte) (list [][]byte) {
	for _, line := range bytes.SplitAfter(content, []byte{'\n'}) {
		if len(line) > 0 {
			list = append(list, line)
		}
	}
	return list
}

// rootOf is what an implementation of RFC 6962 that shares nothing with this one makes of leaves.
func rootOf(t *rapid.T, leaves [][]byte) Hash {
	h := rfc6962.DefaultHasher
	r := (&compact.RangeFactory{Hash: h.HashChildren}).NewEmptyRange(0)
	for _, l := range leaves {
		if err := r.Append(h.HashLeaf(l), nil); err != nil {
			t.Fatal(err)
		}
	}
	root, err := r.GetRootHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(leaves) == 0 {
		root = h.EmptyRoot()
	}
	return Hash(root)
}

func draw(t *rapid.T) []byte {
	list := rapid.SliceOfN(rapid.SampledFrom([]string{"\n", "a", "bc", "line\n", "", "\n\n\n", string(bytes.Repeat([]byte("long "), 120))}), 0, 300).Draw(t, "content")
	var b []byte
	for _, s := range list {
		b = append(b, s...)
	}
	return b
}

// However a content is divided into chunks, and chunks into trees, its root is that of its lines.
func TestRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := draw(t)
		want := rootOf(t, lines(content))
		var written, chunked Lines
		var ends int64
		open := false
		for rest := content; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "chunk")
			chunk := rest[:n]
			written.Write(chunk)
			inner := Inner(chunk, ends, open)
			inner.Raise(rapid.IntRange(0, 9).Draw(t, "height"))
			chunked.Chunk(chunk, inner)
			ends += int64(bytes.Count(chunk, []byte{'\n'}))
			open, rest = chunk[n-1] != '\n', rest[n:]
		}
		a, b := written.Tree(), chunked.Tree()
		if a.Root() != want || b.Root() != want {
			t.Fatalf("%d lines: roots %x and %x, want %x", len(lines(content)), a.Root(), b.Root(), want)
		}
		if n := int64(len(lines(content))); a.Leaves != n || b.Leaves != n || !a.Agrees(b) || !b.Agrees(a) || n > 0 && len(a.Blocks) > 2 {
			t.Fatalf("%d lines: %+v, %+v", n, a, b)
		}
		for height := a.Height; height < 12; height++ {
			raised := a.Raise(height)
			if raised.Root() != want || int64(len(raised.Blocks)) != Count(a.Leaves, height) {
				t.Fatalf("%d lines: raised to %d: %+v", a.Leaves, height, raised)
			}
		}
		if a.Leaves > 0 {
			a.Blocks[rapid.IntRange(0, len(a.Blocks)-1).Draw(t, "block")][3] ^= 1
			if a.Agrees(b) || b.Agrees(a) {
				t.Fatal("trees that differ agree")
			}
		}
	})
}

// Path is what others verify.
func TestPath(t *testing.T) {
	h := rfc6962.DefaultHasher
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 70).Draw(t, "leaves")
		i := rapid.Int64Range(0, n-1).Draw(t, "leaf")
		height := rapid.IntRange(0, 7).Draw(t, "height")
		leaf := func(i int64) []byte { return []byte{byte(i), 'x'} }
		all := &Range{}
		var leaves [][]byte
		for i := range n {
			leaves = append(leaves, leaf(i))
			all.Add(0, Leaf(leaf(i)))
		}
		all.Raise(height)
		tree := Of(all)
		block := i >> height
		left, right := tree.Range(block), From(i+1)
		for j := block << height; j < min(n, (block+1)<<height); j++ {
			if j < i {
				left.Add(0, Leaf(leaf(j)))
			} else if j > i {
				right.Add(0, Leaf(leaf(j)))
			}
		}
		var rest *Hash
		for j := block + 1; j < int64(len(tree.Blocks)); j++ {
			if j < n>>height {
				right.Add(height, tree.Blocks[j])
			} else {
				rest = &tree.Blocks[j]
			}
		}
		var path [][]byte
		for _, p := range Path(i, left, right, rest) {
			path = append(path, p[:])
		}
		root := rootOf(t, leaves)
		if err := proof.VerifyInclusion(h, uint64(i), uint64(n), h.HashLeaf(leaf(i)), path, root[:]); err != nil {
			t.Fatalf("leaf %d of %d, blocks of 2^%d: %v", i, n, height, err)
		}
	})
}

// There are no more blocks than the size allows, whatever lines are like, and about as many.
func TestBlocks(t *testing.T) {
	for name, lengths := range map[string][]int{"short": {2}, "usual": {90, 140}, "long": {1 << 20}, "short, then long": {2, 2, 500_000}, "long, then short": {3 << 20, 3, 5}} {
		var l Lines
		for _, n := range lengths {
			line := append(bytes.Repeat([]byte("y"), n-1), '\n')
			chunk := bytes.Repeat(line, 1+(9<<20)/len(lengths)/n)
			inner := Inner(chunk, l.lines.End, false)
			if most := 2 * (64 + len(chunk)/partSize); len(inner.nodes) > most {
				t.Errorf("%s: %d hashes for a chunk of %d bytes, want at most %d", name, len(inner.nodes), len(chunk), most)
			}
			l.Chunk(chunk, inner)
		}
		tree := l.Tree()
		if n, most := int64(len(tree.Blocks)), 1+l.Size()/blockSize; n > most || len(lengths) == 1 && n < most/2 {
			t.Errorf("%s: %d blocks of 2^%d lines for %d bytes", name, n, tree.Height, l.Size())
		}
	}
}
