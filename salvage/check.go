package salvage

import (
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/gram"
	"github.com/lmz-go/lmz/stream"
)

// checker takes the content of the recovered archive and compares its filters with it. It keeps nothing but grams.
type checker struct {
	v      *recoverer
	list   []placed // whose content comes next
	left   int      // bytes of the first of these
	last   byte     // of them
	failed error    // of Options.Text

	frame  *foundFrame
	has    bool  // the frame has filters
	number int64 // of the chunk that comes next; -1: filters are left out from here on
	grams  gram.Scanner
	known  *gram.Known // of the frame; nil: it has none
	primer bool        // the chunk adds to known
	group  *filters    // of the chunk; nil: there are none
}

// filters are those of a group of chunks.
type filters struct {
	entry *entry
	first int64 // number of the first chunk
	list  []format.ChunkFilter
	wrong bool
}

func newChecker(v *recoverer) *checker { return &checker{v: v} }

// begin says which chunks come next.
func (c *checker) begin(list []placed) { c.list, c.left = list, 0 }

// Write takes content.
func (c *checker) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		if c.left == 0 {
			c.beginChunk(c.list[0])
		}
		part := rest[:min(len(rest), c.left)]
		c.compare(part)
		rest = rest[len(part):]
		if c.left -= len(part); c.left == 0 {
			c.endChunk(c.list[0])
			c.list = c.list[1:]
		}
	}
	if c.v.opts.Text == nil {
		return len(p), nil
	}
	n, err := c.v.opts.Text.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	c.failed = err
	return n, err
}

func (c *checker) beginChunk(p placed) {
	c.left = p.entry.chunk.Raw
	if p.frame != c.frame {
		c.frame, c.has, c.number, c.grams, c.known, c.group = p.frame, p.frame.filtered(), 0, gram.Scanner{}, nil, nil
	}
	c.primer = false
	if !c.has || c.number != p.entry.number || c.number != p.number {
		c.number = -1 // nothing is missing in front of those that are kept
		return
	}
	if p.number == 0 {
		switch p.frame.h.Primer {
		case format.PrimerFirstChunk:
			c.known, c.primer = gram.NewKnown(), true
		case format.PrimerDictionary:
			dict, err := c.v.opts.Dictionaries(c.v.ctx, p.frame.h.Dict) // which decoding has found
			if err != nil {
				c.number = -1
				return
			}
			c.known = gram.KnownOf(dict)
		}
	}
	if p.number%format.GroupSize == 0 {
		c.group = c.v.filters(p.frame, p.number)
	}
}

// compare looks for grams of the content that its filter denies.
func (c *checker) compare(p []byte) {
	c.last = p[len(p)-1]
	if c.number < 0 {
		return
	}
	var f *format.ChunkFilter
	if c.group != nil && !c.primer {
		f = &c.group.list[c.number-c.group.first]
	}
	for _, b := range p {
		g, class, ok := c.grams.Next(b)
		switch {
		case !ok:
		case c.primer:
			c.known.Add(g)
		case f != nil && !c.known.Has(g) && f.Admit(g, class):
			c.group.wrong = true
		}
	}
}

func (c *checker) endChunk(p placed) {
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

// filtered says whether the frame has filters.
func (f *foundFrame) filtered() bool {
	return slices.ContainsFunc(f.entries, func(e *entry) bool { return e.aux && e.kind == format.AuxFilter })
}

// filters reads those of the group that begins with a chunk of a frame of which all is intact up to there; nil: there are none.
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
