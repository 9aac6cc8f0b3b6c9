package merkle

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"math/bits"
)

const (
	// blockSize is how many bytes of content there are for each block of a tree, at least and on
	// average. Whoever proves a line hashes its block again.
	blockSize = 4 << 20
	// partSize is the same for the trees of a chunk.
	partSize = 64 << 10
)

// Splitter hashes the lines of a content, with their line ends, as leaves. What follows the last
// line end is a leaf, too, unless it is empty.
type Splitter struct {
	Leaf func(Hash)
	open bool      // a line has begun
	sum  hash.Hash // of this line
}

// Lines makes the tree of these leaves.
type Lines struct {
	lines Range
	size  int64 // bytes
	split Splitter
}

// Inner hashes the lines that begin and end in a chunk, for Chunk: first is the number of line ends
// in front of it, and open says that the last one of these is not right in front of it.
func Inner(chunk []byte, first int64, open bool) *Range {
	r := &Range{First: first}
	if open {
		chunk = chunk[1+bytes.IndexByte(chunk, '\n'):]
		r.First++
	}
	chunk = chunk[:1+bytes.LastIndexByte(chunk, '\n')]
	r.End = r.First
	if len(chunk) > 0 {
		lines := bytes.Count(chunk, []byte{'\n'})
		r.Height = max(0, bits.Len(uint(lines/(1+len(chunk)/partSize)))-1)
	}
	for len(chunk) > 0 {
		n := 1 + bytes.IndexByte(chunk, '\n')
		r.Add(0, Leaf(chunk[:n]))
		chunk = chunk[n:]
	}
	return r
}

// Chunk adds a chunk of the content, whose Inner this is.
func (l *Lines) Chunk(chunk []byte, inner *Range) {
	l.size += int64(len(chunk))
	last := 1 + bytes.LastIndexByte(chunk, '\n')
	if l.split.open && last > 0 {
		l.splitter().Write(chunk[:1+bytes.IndexByte(chunk, '\n')])
	}
	if last > 0 {
		l.raise(inner.Height)
		l.lines.Append(inner)
	}
	l.splitter().Write(chunk[last:])
	l.thin()
}

// Write adds content.
func (l *Lines) Write(p []byte) (int, error) {
	l.size += int64(len(p))
	return l.splitter().Write(p)
}

func (l *Lines) splitter() *Splitter {
	if l.split.Leaf == nil {
		l.split.Leaf = func(h Hash) {
			l.lines.Add(0, h)
			l.thin()
		}
	}
	return &l.split
}

// Write adds content.
func (s *Splitter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		i := 1 + bytes.IndexByte(p, '\n')
		switch {
		case i == 0:
			s.begin(p)
			return n, nil
		case s.open:
			s.begin(p[:i])
			s.End()
		default:
			s.Leaf(Leaf(p[:i]))
		}
		p = p[i:]
	}
	return n, nil
}

// begin adds to the line that goes on, or begins one.
func (s *Splitter) begin(part []byte) {
	if s.sum == nil {
		s.sum = sha256.New()
	}
	if !s.open {
		s.open = true
		s.sum.Reset()
		s.sum.Write([]byte{leafPrefix})
	}
	s.sum.Write(part)
}

// End ends the content, and with it a line that has begun.
func (s *Splitter) End() {
	if s.open {
		s.open = false
		s.Leaf(Hash(s.sum.Sum(nil)))
	}
}

// thin makes sure that there are no more blocks than the size allows.
func (l *Lines) thin() {
	for l.lines.full() > max(1, l.size/blockSize) {
		l.raise(l.lines.Height + 1)
	}
}

func (l *Lines) raise(height int) {
	if height > l.lines.Height {
		l.lines.Raise(height)
	}
}

// Size is how many bytes the content has.
func (l *Lines) Size() int64 { return l.size }

// Tree is that of the content, which ends here. One of less than two blocks is one.
func (l *Lines) Tree() *Tree {
	l.splitter().End()
	t := Of(&l.lines)
	for l.size < 2*blockSize && len(t.Blocks) > 1 {
		t = t.Raise(t.Height + 1)
	}
	return t
}
