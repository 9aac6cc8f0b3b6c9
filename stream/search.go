package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/gram"
	"github.com/lmz-go/lmz/search"
)

// Search says which lines of an Archive to find.
type Search struct {
	Pattern *search.Pattern
	Invert  bool // the lines that do not match

	// Found is told of each line, in order, and may end the search by an error. With nil, lines are only counted.
	Found func(Line) error

	// Damaged is told of what cannot be read, in order with the lines, and may end the search by an error. With nil, that
	// itself ends it. What is left of a line that is partly lost counts as a line.
	Damaged func(*LostError) error
}

// Line is a line that was found.
type Line struct {
	Number int64  // from 1
	Offset int64  // bytes in front of it
	Text   []byte // without the line end; valid until Found returns
}

// Found is what came of a search.
type Found struct {
	Lines   int64
	Chunks  int64 // of the archive, as far as it was searched
	Skipped int64 // of these, chunks that were not decoded, since their filters say that no line matches
}

// Search finds lines. It decodes in parallel, but not those chunks whose filter says that no line matches, unless all lines that do
// not match are to be found. What ends the search is returned, and what Err gives otherwise.
func (a *Archive) Search(s Search) (found Found, err error) {
	if err := a.enter(); err != nil {
		return found, err
	}
	defer a.leave()
	if s.Pattern == nil {
		return found, errNoPattern
	}
	query := s.Pattern.Query()
	if s.Invert && s.Found != nil {
		query = &gram.Query{}
	}
	l := &lineSearch{Search: s, calls: &a.calls, limit: a.opts.limit}
	if s.Invert && s.Found == nil {
		// Count those that match.
		l.Invert = false
	}
	err = a.visit(a.candidates(query, &found), false, l.chunk)
	if err == nil {
		err = l.end(a.Size())
	}
	found.Lines = l.found
	if err == nil && s.Invert && s.Found == nil {
		found.Lines, err = a.countLines()
		found.Lines -= l.found + l.lostLines
	}
	if err == nil {
		err = a.short
	}
	return found, err
}

// countLines counts also what follows the last line end.
func (a *Archive) countLines() (int64, error) {
	n := a.Lines()
	if a.Size() == 0 {
		return 0, nil
	}
	s, err := a.find(a.Size() - 1)
	var raw []byte
	if err == nil {
		raw, err = a.chunk(s, true)
	}
	var lost *LostError
	if errors.As(err, &lost) {
		return n, nil // it does not count
	}
	if err == nil && raw[len(raw)-1] != '\n' {
		n++
	}
	return n, err
}

// lineSearch searches chunks that come in order.
type lineSearch struct {
	Search
	calls     *calls
	limit     int64
	found     int64
	behind    int64  // the last chunk, in the content
	begun     []byte // a line that goes on in the next chunk
	number    int64  // of this line
	offset    int64  // of this line
	lostLines int64  // ends of lines in chunks that could not be read
}

// chunk searches the next chunk, or takes note of its error.
func (l *lineSearch) chunk(s spot, raw []byte, err error) error {
	if err != nil {
		var lost *LostError
		if !errors.As(err, &lost) || l.Damaged == nil {
			return err
		}
		if len(l.begun) > 0 {
			l.lostLines-- // what is left of it counts
		}
		if err := l.last(); err != nil {
			return err
		}
		l.behind = lost.Offset + lost.Size
		l.lostLines += s.Lines
		l.calls.out(func() { err = l.Damaged(lost) })
		return err
	}
	if s.RawOffset != l.behind && len(l.begun) > 0 {
		return &ChunkError{Index: int(s.number), Offset: s.Offset, Err: fmt.Errorf("%w: the filter of a chunk in front of it tells of a line end that is not there", ErrCorrupt)}
	}
	l.behind = s.RawOffset + s.RawSize
	number, offset := s.linesBefore+1, s.RawOffset
	for rest := raw; len(rest) > 0; number++ {
		i := bytes.IndexByte(rest, '\n')
		if len(l.begun) == 0 {
			l.number, l.offset = number, offset
		}
		if i < 0 {
			if int64(len(l.begun)+len(rest)) > l.limit {
				return fmt.Errorf("%w: line %d has more than %d bytes", ErrTooLarge, number, l.limit)
			}
			l.begun = append(l.begun, rest...)
			return nil
		}
		line := rest[:i]
		if len(l.begun) > 0 {
			line = append(l.begun, line...)
			l.begun = line[:0]
		}
		if err := l.line(line); err != nil {
			return err
		}
		rest = rest[i+1:]
		offset += int64(i + 1)
	}
	return nil
}

// line looks at one line.
func (l *lineSearch) line(text []byte) error {
	if l.Pattern.Match(text) == l.Invert {
		return nil
	}
	l.found++
	if l.Found == nil {
		return nil
	}
	var err error
	l.calls.out(func() { err = l.Found(Line{l.number, l.offset, text}) })
	return err
}

// last looks at a line that does not go on.
func (l *lineSearch) last() error {
	if len(l.begun) == 0 {
		return nil
	}
	line := l.begun
	l.begun = nil
	return l.line(line)
}

// end is called behind the last chunk, in content of size bytes.
func (l *lineSearch) end(size int64) error {
	if len(l.begun) > 0 && l.behind != size {
		return fmt.Errorf("%w: a filter tells of a line end that is not there, at byte %d of the content", ErrCorrupt, l.behind)
	}
	return l.last()
}

// candidates gives the chunks in which lines may match, in order, and counts them all.
func (a *Archive) candidates(q *gram.Query, found *Found) iter.Seq2[spot, error] {
	return func(yield func(spot, error) bool) {
		c := &candidates{Archive: a, query: q, found: found, yield: yield}
		trivial := q.Trivial()
		for _, f := range a.frames {
			if !c.frame(f, trivial) {
				return
			}
		}
		c.close()
	}
}

// candidates joins chunks into runs that end with a line end, or where that cannot be known, and chooses the runs in which a line
// may match.
type candidates struct {
	*Archive
	query *gram.Query
	found *Found
	yield func(spot, error) bool
	over  bool // yield has said so

	run struct {
		begun    bool
		chunks   int64 // that were not given yet
		from, to int64 // of these, in the content
		may      bool  // whatever the grams
		have     []bool
	}
}

// frame goes through a frame; false ends the search.
func (c *candidates) frame(f *archiveFrame, trivial bool) bool {
	c.run.may = c.run.may || c.run.begun // grams that cross the border are in no filter
	if f.err != nil {
		t := f.total()
		c.close()
		c.found.Chunks += f.chunks
		return !c.over && c.give(spot{located{Chunk: Chunk{RawOffset: f.raw, RawSize: t.Raw, Lines: t.Lines}}, f}, f.err)
	}
	if f.chunks == 0 {
		return !c.over
	}
	var primer []bool // the query's grams that the primer has; nil: not known yet
	for g := range len(f.groups) - 1 {
		if c.over {
			return false
		}
		if err := context.Cause(c.ctx); err != nil {
			return c.give(spot{frame: f}, err)
		}
		var filters []format.ChunkFilter
		var err error
		if !trivial {
			filters, err = c.filters(f, g)
		}
		if filters != nil && primer == nil {
			primer, err = c.primerGrams(f)
		}
		var gone *LostError
		if errors.As(err, &gone) || errors.Is(err, ErrCorrupt) {
			filters, err = nil, nil // reading the chunks tells
		}
		if err != nil {
			return c.give(spot{frame: f}, err)
		}
		c.group(f, g, filters, primer)
	}
	return !c.over
}

// primerGrams says which grams of the query are known in a frame.
func (c *candidates) primerGrams(f *archiveFrame) ([]bool, error) {
	have := make([]bool, len(c.query.Grams))
	text, err := c.engine.Dictionary(c.ctx, f.header)
	if err == nil && f.primes() {
		var s spot
		if s, err = c.spot(f, 0); err == nil {
			text, err = c.chunk(s, true)
		}
	}
	if err != nil || text == nil {
		return have, err
	}
	known := gram.KnownOf(text)
	for i, w := range c.query.Grams {
		have[i] = known.Has(w.Gram)
	}
	return have, nil
}

// group goes through a group; without filters all of it may match.
func (c *candidates) group(f *archiveFrame, g int, filters []format.ChunkFilter, primer []bool) {
	if !c.run.begun && c.skips(filters, primer) {
		c.found.Chunks += int64(len(filters))
		c.found.Skipped += int64(len(filters))
		return
	}
	chunks, err := c.Archive.group(f, g)
	if err != nil {
		c.give(spot{frame: f}, err)
		return
	}
	for _, l := range chunks {
		if c.over {
			return
		}
		i := int(l.number) - g*format.GroupSize
		var filter *format.ChunkFilter
		if l.damage == nil && i < len(filters) {
			filter = &filters[i]
		}
		c.add(l, filter, primer)
	}
}

// skips says whether no line of a group may match, and none goes on behind it.
func (c *candidates) skips(filters []format.ChunkFilter, primer []bool) bool {
	for i := range filters {
		if f := &filters[i]; !f.Ends || f.Shifts() == format.NoFilter || c.query.May(func(i int) bool { return mayHave(f, c.query.Grams[i], primer[i]) }) {
			return false
		}
	}
	return len(filters) > 0
}

// mayHave says whether a chunk with this filter, of a frame in which the gram is known or not, may have it.
func mayHave(f *format.ChunkFilter, w gram.Wanted, known bool) bool {
	return known || f.Has(w.Gram, w.Class)
}

// add adds a chunk to the run; nil: its filter is not known.
func (c *candidates) add(l located, filter *format.ChunkFilter, primer []bool) {
	r := &c.run
	if !r.begun {
		r.begun, r.from, r.may, r.have = true, l.RawOffset, false, make([]bool, len(c.query.Grams))
	}
	r.chunks++
	r.to = l.RawOffset + l.RawSize
	if filter == nil || filter.Shifts() == format.NoFilter {
		r.may = true
	} else if !r.may {
		for i, w := range c.query.Grams {
			r.have[i] = r.have[i] || mayHave(filter, w, primer[i])
		}
	}
	switch {
	case filter != nil && filter.Ends:
		c.close()
	case r.may:
		c.decode() // the line may go on, and so does the run
	}
}

// close ends the run, and decodes it if it may match.
func (c *candidates) close() {
	r := &c.run
	if r.chunks > 0 && (r.may || c.query.May(func(i int) bool { return r.have[i] })) {
		c.decode()
	}
	c.found.Chunks += r.chunks
	c.found.Skipped += r.chunks
	r.chunks, r.begun = 0, false
}

// decode gives the chunks of the run; what follows is still part of it.
func (c *candidates) decode() {
	r := &c.run
	for s, err := range c.spots(r.from, r.to) {
		if c.over || !c.give(s, err) {
			return
		}
		r.chunks--
		c.found.Chunks++
	}
	r.from = r.to
}

func (c *candidates) give(s spot, err error) bool {
	c.over = c.over || !c.yield(s, err)
	return !c.over
}
