package salvage

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"sort"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/gram"
	"github.com/lmz-go/lmz/internal/merkle"
	"github.com/lmz-go/lmz/stream"
)

var errUnlisted = errors.New("salvage: content of more chunks than were found")

// checker takes the content of the recovered archive and compares its filters with it. It keeps
// nothing but grams.
type checker struct {
	v      *recoverer
	chunks func() (placed, bool) // whose content comes next
	chunk  placed                // whose content comes
	left   int                   // bytes of it
	sum    uint32                // of what came of it
	sums   []uint32              // of its prefixes, up to there
	last   byte                  // of what came
	failed error                 // of Options.Text

	frame  *foundFrame
	number int64 // of the chunk that comes next; -1: filters are left out from here on
	grams  gram.Scanner
	group  *filters      // of the chunk; nil: there are none
	lines  *merkle.Lines // of the frame; nil: they are not hashed
}

// filters are those of a group of chunks.
type filters struct {
	entry *entry
	first int64 // number of the first chunk
	list  []format.ChunkFilter
	wrong bool
}

// begin says which chunks come next.
func (c *checker) begin(list []placed) {
	c.left = 0
	c.chunks = func() (p placed, ok bool) {
		if len(list) > 0 {
			p, list, ok = list[0], list[1:], true
		}
		return p, ok
	}
}

// Write takes content.
func (c *checker) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		if c.left == 0 {
			var ok bool
			if c.chunk, ok = c.chunks(); !ok {
				return len(p) - len(rest), errUnlisted
			}
			c.beginChunk(c.chunk)
		}
		part := rest[:min(len(rest), c.left)]
		c.addSums(part)
		c.compare(part)
		rest = rest[len(part):]
		if c.left -= len(part); c.left == 0 {
			c.endChunk(c.chunk)
		}
	}
	if c.v.opts.Text == nil {
		return len(p), nil
	}
	n, err := c.v.opts.Text.Write(p)
	if err == nil && n != len(p) {
		err = io.ErrShortWrite
	}
	c.failed = err
	return n, err
}

func (c *checker) beginChunk(p placed) {
	c.left, c.sum, c.sums = p.entry.chunk.Raw, 0, nil
	if p.frame != c.frame {
		c.endFrame()
		c.frame, c.number, c.grams, c.group, c.lines = p.frame, 0, gram.Scanner{}, nil, nil
		if !p.frame.h.Lone {
			c.lines = new(merkle.Lines)
		}
	}
	if c.number != p.entry.number || c.number != p.number {
		c.number, c.lines = -1, nil // nothing is missing in front of those that are kept
		return
	}
	if p.number%format.GroupSize == 0 {
		if c.group = p.group; c.group == nil {
			c.group = c.v.filters(p.frame, p.number)
		}
	}
}

// compare looks for grams of the content that its filter denies.
func (c *checker) compare(p []byte) {
	c.last = p[len(p)-1]
	if c.lines != nil {
		c.lines.Write(p)
	}
	if c.number < 0 {
		return
	}
	admit := func(gram.Gram, gram.Class) {}
	if c.group == nil { // only the end is of use, to grams of the next chunk
		if n := len(p) - gram.Size; n > 0 {
			c.grams, p = gram.Scanner{}, p[n:]
		}
	} else {
		f := &c.group.list[c.number-c.group.first]
		admit = func(g gram.Gram, class gram.Class) { c.group.wrong = f.Admit(g, class) || c.group.wrong }
	}
	for _, b := range p {
		c.grams.Next(b, admit)
	}
}

// addSums goes on with the sums of the chunk's prefixes.
func (c *checker) addSums(p []byte) {
	chunk := c.chunk.entry.chunk
	for at := chunk.Raw - c.left; len(p) > 0 && len(chunk.Sums) > 0; {
		n := min(len(p), format.SumEvery-at%format.SumEvery)
		c.sum = crc32.Update(c.sum, format.Castagnoli, p[:n])
		if at, p = at+n, p[n:]; at%format.SumEvery == 0 && at < chunk.Raw {
			c.sums = append(c.sums, c.sum)
		}
	}
}

func (c *checker) endChunk(p placed) {
	if e := p.entry; !slices.Equal(c.sums, e.chunk.Sums) {
		e.chunk.Sums, e.recounted, c.v.changed = c.sums, true, true
		c.v.notice(e.number, e.offset, fmt.Errorf("%w: sums of parts of it are not those of its content", stream.ErrCorrupt))
	}
	if c.number < 0 {
		return
	}
	c.number++
	g := c.group
	if g == nil {
		return
	}
	if f := &g.list[p.number-g.first]; f.Ends != (c.last == '\n') {
		f.Ends, g.wrong = !f.Ends, true
	}
	if p.number-g.first == int64(len(g.list))-1 {
		c.group = nil
		if g.wrong {
			g.entry.mended = format.AppendAuxiliary(nil, format.AuxFilter, format.AppendFilters(nil, g.first, g.list))
			c.v.changed = true
			c.v.Repaired = append(c.v.Repaired, fmt.Errorf("%w: the filters at byte %d deny what is in the chunks", stream.ErrCorrupt, g.entry.offset))
		}
	}
}

// endFrame compares the hashes of a frame's lines, if it has any and all of it came, with them.
func (c *checker) endFrame() {
	f, v := c.frame, c.v
	if f == nil || c.lines == nil || c.number != f.next {
		return
	}
	i := slices.IndexFunc(f.entries, func(e *entry) bool { return e.aux && e.kind == format.AuxLines && e.number == f.next })
	if i < 0 {
		return
	}
	e, tree := f.entries[i], c.lines.Tree()
	ends := tree.Leaves
	if c.last != '\n' {
		ends--
	}
	stored, _, _ := format.ReadLineHashes(v.r, e.offset, e.offset+e.size, c.lines.Size(), ends, maxLineHashes)
	if stored != nil && stored.Agrees(tree) {
		return
	}
	e.mended = format.AppendAuxiliary(nil, format.AuxLines, format.AppendLineHashes(nil, tree))
	v.changed = true
	v.Repaired = append(v.Repaired, fmt.Errorf("%w: the hashes at byte %d are not those of the frame's lines", stream.ErrCorrupt, e.offset))
}

// maxLineHashes is the most bytes of hashes of a frame that are looked at.
const maxLineHashes = 1 << 30

// filters reads those of the group that begins with a chunk of a frame of which all is intact up to
// there; nil: there are none.
func (v *recoverer) filters(f *foundFrame, first int64) *filters {
	end := min(first+format.GroupSize, f.next)
	i := sort.Search(len(f.entries), func(i int) bool { return f.entries[i].number >= end })
	for ; i < len(f.entries) && f.entries[i].number == end; i++ {
		e := f.entries[i]
		if !e.aux || e.kind != format.AuxFilter || e.wrong {
			continue
		}
		if list, _, _ := format.ReadFilters(v.r, e.offset, e.offset+e.size, first, end-first); list != nil {
			return &filters{entry: e, first: first, list: list}
		}
		e.wrong, v.changed = true, true
		v.Repaired = append(v.Repaired, fmt.Errorf("%w: the filters at byte %d are not those of the chunks in front of them", stream.ErrCorrupt, e.offset))
	}
	return nil
}
