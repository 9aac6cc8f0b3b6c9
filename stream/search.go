package stream

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/gram"
	"github.com/lmz-go/lmz/internal/timestamp"
	"github.com/lmz-go/lmz/search"
)

// Search says which lines of an Archive to find.
type Search struct {
	Pattern *search.Pattern
	Invert  bool      // the lines that do not match
	Span    *TimeSpan // only lines of this time; nil: of any
	Max     int64     // ends the search behind as many lines; 0: it goes on to the end of the archive

	// Before and After are how many lines in front of and behind each line that is found Found is
	// told of as well, once each.
	Before, After int64

	// Found is told of each line, in order, and may end the search by an error. With nil, lines are
	// only counted.
	Found func(Line) error

	// Damaged is told of what cannot be read, in order with the lines, and may end the search by an
	// error. With nil, that itself ends it. What is left of a line that is partly lost counts as a
	// line.
	Damaged func(*LostError) error
}

// Line is a line that was found, or one next to it.
type Line struct {
	Number  int64  // from 1
	Offset  int64  // bytes in front of it
	Text    []byte // without the line end; valid until Found returns
	Context bool   // it was not found, but Before or After asks for it
}

// Found is what came of a search.
type Found struct {
	Lines   int64
	Chunks  int64 // of the archive, as far as it was searched
	Skipped int64 // of these, those that were not decoded: their filters or times rule out a match
}

// Search finds lines. It decodes in parallel, but not those chunks whose filter says that no line
// matches, unless all lines that do not match are to be found. What ends the search is returned,
// and what Err gives otherwise.
func (a *Archive) Search(s Search) (found Found, err error) {
	if err := a.enter(); err != nil {
		return found, err
	}
	defer a.leave()
	if s.Pattern == nil {
		return found, errNoPattern
	}
	if min(s.Max, s.Before, s.After) < 0 {
		return found, fmt.Errorf("stream: search for %d lines with %d before and %d after each, want 0 or more", s.Max, s.Before, s.After)
	}
	// All lines less those that match need not be decoded.
	countsOthers := s.Invert && s.Found == nil && s.Max == 0 && s.Span == nil
	query := s.Pattern.Query()
	if s.Invert && !countsOthers {
		query = &gram.Query{}
	}
	l := &lineSearch{Search: s, archive: a}
	l.Invert = s.Invert && !countsOthers
	if l.timed, err = newTimed(s.Span); err != nil {
		return found, err
	}
	l.within = l.timed.first() == timestamp.Within
	defer func() { a.engine.Give(int64(cap(l.begun))) }()
	keep := s.Before+s.After > 0 || countsOthers // which looks at the last chunk again
	err = a.visit(a.candidates(query, l.timed, &found), keep, l.chunk)
	if err == nil {
		err = l.end(a.Size())
	}
	found.Lines = l.found
	switch {
	case err == errEnough:
		return found, l.follow(a.Size())
	case err != nil:
		return found, err
	case countsOthers:
		found.Lines, err = a.countLines()
		found.Lines -= l.found + l.lostLines
	}
	if err == nil {
		err = a.short
	}
	return found, err
}

// errEnough ends a search that has found as many lines as it should.
var errEnough = errors.New("enough lines")

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
	archive   *Archive
	found     int64
	raw       []byte // the chunk at hand, or as much of it as is known
	at        int64  // of this chunk, in the content
	behind    int64  // this chunk, in the content
	open      bool   // more of this chunk is to come
	passed    int    // bytes of this chunk that were looked at: up to a line end, while it is open
	ends      int64  // line ends in these
	enough    bool   // as many lines were found as should be; some behind them are due
	begun     []byte // a line that goes on in the next chunk
	number    int64  // of this line
	offset    int64  // of this line
	lostLines int64  // ends of lines in chunks that could not be read
	timed     *timed // nil: lines of any time
	within    bool   // the line in front is of that time
	neighbors
}

// chunk searches the next chunk, or the next prefix of one, or takes note of its error.
func (l *lineSearch) chunk(s spot, raw []byte, err error) error {
	switch {
	case err != nil:
		err = l.lost(s, err)
	case l.open:
	default:
		err = l.enter(s)
	}
	if err == nil && int64(len(raw)) > 0 {
		l.raw, l.open = raw, int64(len(raw)) < s.RawSize
		err = l.lines(s)
	}
	if err == nil && l.enough && (l.due == 0 || !l.open) {
		err = errEnough
	}
	return err
}

// enter is called in front of a chunk.
func (l *lineSearch) enter(s spot) error {
	if s.RawOffset != l.behind {
		if len(l.begun) > 0 {
			return &ChunkError{Index: int(s.number), Offset: s.Offset, Err: fmt.Errorf("%w: a chunk in front of it is said to end with a line end that is not there", ErrCorrupt)}
		}
		if err := l.follow(s.RawOffset); err != nil {
			return err
		}
		l.within = s.before == timestamp.Within
	}
	l.at, l.behind = s.RawOffset, s.RawOffset+s.RawSize
	l.passed, l.ends = 0, 0
	return l.timed.enter(s.frame)
}

// lines looks at the lines of the chunk at hand that were not looked at, as far as they are known.
func (l *lineSearch) lines(s spot) error {
	for !l.enough && l.passed < len(l.raw) {
		rest := l.raw[l.passed:]
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			if l.open {
				break
			}
			if err := l.leave(s); err != nil {
				return err
			}
			return l.follow(l.offset)
		}
		l.mark(s)
		line := rest[:i]
		if len(l.begun) > 0 {
			if err := l.begin(line); err != nil {
				return err
			}
			line, l.begun = l.begun, l.begun[:0]
		}
		l.passed += i + 1
		l.ends++
		if err := l.line(line); err != nil {
			if l.enough = err == errEnough && l.due > 0; !l.enough {
				return err
			}
		}
	}
	switch {
	case l.enough:
		return l.follow(l.at + int64(bytes.LastIndexByte(l.raw, '\n')+1))
	case len(l.begun) > 0: // and goes on behind what is known
		return l.follow(l.offset)
	}
	return l.follow(l.at + int64(l.passed))
}

// mark notes where the line at hand begins.
func (l *lineSearch) mark(s spot) {
	if len(l.begun) == 0 {
		l.number, l.offset = s.linesBefore+l.ends+1, s.RawOffset+int64(l.passed)
	}
}

// leave keeps what is behind the last line end of the chunk at hand, for a line that goes on.
func (l *lineSearch) leave(s spot) error {
	l.mark(s)
	rest := l.raw[l.passed:]
	l.passed = len(l.raw)
	return l.begin(rest)
}

func (l *lineSearch) tooLong() error {
	return fmt.Errorf("%w: line %d, which goes over several chunks, has more than %d bytes", ErrTooLarge, l.number, len(l.begun))
}

// lost takes note of a chunk that cannot be read.
func (l *lineSearch) lost(s spot, err error) error {
	var lost *LostError
	if !errors.As(err, &lost) || l.Damaged == nil {
		return err
	}
	if l.open && !l.enough {
		if err := l.leave(s); err != nil {
			return err
		}
		l.lostLines -= l.ends
	}
	l.open = false
	if len(l.begun) > 0 {
		l.lostLines-- // what is left of it counts
	}
	if err := l.last(); err != nil {
		return err
	}
	if err := l.follow(lost.Offset); err != nil {
		return err
	}
	l.lostLines += s.Lines
	l.behind = lost.Offset + lost.Size
	return l.passOver(lost)
}

// line looks at one line.
func (l *lineSearch) line(text []byte) error {
	if l.within = l.timed.holds(text, l.within); !l.within {
		return nil
	}
	matches, err := l.Pattern.MatchContext(eitherContext{l.archive.ctx, l.archive.base}, text)
	if err != nil {
		return cmp.Or(l.archive.ended(), err)
	}
	if matches == l.Invert {
		return nil
	}
	l.found++
	if l.Found != nil {
		if err := l.precede(); err != nil {
			return err
		}
		if err := l.tell(Line{Number: l.number, Offset: l.offset, Text: text}); err != nil {
			return err
		}
		l.due = l.After
	}
	if l.found == l.Max {
		return errEnough
	}
	return nil
}

// ended says why a search must end, if the view's context has ended or the Archive was closed.
func (a *Archive) ended() error {
	if a.base.Err() != nil {
		return context.Cause(a.base)
	}
	if a.ctx.Err() != nil {
		return context.Cause(a.ctx)
	}
	return nil
}

// eitherContext has ended when one of two has.
type eitherContext struct {
	context.Context
	other context.Context
}

func (e eitherContext) Err() error { return cmp.Or(e.Context.Err(), e.other.Err()) }

// begin adds to a line that began in an earlier chunk, or begins one. The memory that lines take is
// part of a limit that was asked for.
func (l *lineSearch) begin(part []byte) error {
	n := len(l.begun) + len(part)
	if n <= cap(l.begun) {
		l.begun = append(l.begun, part...)
		return nil
	}
	room := max(n, 2*cap(l.begun))
	if err := l.archive.engine.Take(l.archive.ctx, int64(room), int64(cap(l.begun))); err != nil {
		if errors.Is(err, ErrTooLarge) {
			return l.tooLong()
		}
		return err
	}
	grown := append(append(make([]byte, 0, room), l.begun...), part...)
	l.archive.engine.Give(int64(cap(l.begun)))
	l.begun = grown
	return nil
}

// last looks at a line that does not go on.
func (l *lineSearch) last() error {
	if len(l.begun) == 0 {
		return nil
	}
	line := l.begun
	l.begun = l.begun[:0]
	return l.line(line)
}

// end is called behind the last chunk, in content of size bytes.
func (l *lineSearch) end(size int64) error {
	if len(l.begun) > 0 && l.behind != size {
		return fmt.Errorf("%w: a chunk is said to end with a line end that is not there, at byte %d of the content", ErrCorrupt, l.behind)
	}
	if err := l.last(); err != nil {
		return err
	}
	return l.follow(size)
}

// candidates gives the chunks in which lines may match, in order, and counts them all.
func (a *Archive) candidates(q *gram.Query, t *timed, found *Found) iter.Seq2[spot, error] {
	return func(yield func(spot, error) bool) {
		c := &candidates{Archive: a, query: q, timed: t, before: t.first(), found: found, yield: yield}
		trivial := q.Trivial()
		for _, f := range a.frames {
			if err := a.ended(); err != nil {
				c.give(spot{frame: f}, err)
				return
			}
			if !c.frame(f, trivial) {
				return
			}
		}
		c.close()
	}
}

// candidates joins chunks into runs that end with a line end, or where that cannot be known, and
// chooses the runs in which a line may match.
type candidates struct {
	*Archive
	query *gram.Query
	timed *timed // nil: lines of any time
	found *Found
	yield func(spot, error) bool
	over  bool // yield has said so

	before timestamp.Relation // of the time of the last line in front of the run; Partly: not known

	run struct {
		begun    bool
		chunks   int64 // that were not given yet
		from, to int64 // of these, in the content
		may      bool  // whatever the grams
		have     []bool
		times    timestamp.Relation
		starts   bool // it has a line with a time at its beginning
	}
}

// frame goes through a frame; false ends the search.
func (c *candidates) frame(f *archiveFrame, trivial bool) bool {
	if c.run.begun { // what crosses the border is in no filter, and of no known time
		c.run.may, c.run.times = true, timestamp.Partly
	}
	timed := c.timed.knows(f)
	if f.err != nil {
		t := f.total()
		c.close()
		c.found.Chunks += f.chunks
		c.before = timestamp.Partly
		return !c.over && c.give(spot{located: located{Chunk: Chunk{RawOffset: f.raw, RawSize: t.Raw, Lines: t.Lines}}, frame: f}, f.err)
	}
	if f.chunks == 0 {
		return !c.over
	}
	for g := range len(f.groups) - 1 {
		if c.over {
			return false
		}
		if err := c.ended(); err != nil {
			return c.give(spot{frame: f}, err)
		}
		var filters []format.ChunkFilter
		var err error
		if !trivial {
			filters, err = c.filters(f, g)
		}
		if errors.Is(err, ErrCorrupt) {
			filters, err = nil, nil // reading the chunks tells
		}
		if err != nil {
			return c.give(spot{frame: f}, err)
		}
		c.group(f, g, filters, timed)
	}
	return !c.over
}

// group goes through a group; without filters all of it may match. timed says that its chunks tell
// of their times.
func (c *candidates) group(f *archiveFrame, g int, filters []format.ChunkFilter, timed bool) {
	if c.timed == nil && !c.run.begun && c.skips(filters) {
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
		if !timed {
			l.Times = nil
		}
		c.add(l, filter)
	}
}

// skips says whether no line of a group may match, and none goes on behind it.
func (c *candidates) skips(filters []format.ChunkFilter) bool {
	for i := range filters {
		if f := &filters[i]; !f.Ends || f.Silent() || c.query.May(func(i int) bool { return f.Has(c.query.Grams[i].Gram, c.query.Grams[i].Class) }) {
			return false
		}
	}
	return len(filters) > 0
}

// add adds a chunk to the run; nil: its filter, or its times, are not known.
func (c *candidates) add(l located, filter *format.ChunkFilter) {
	times := l.Times
	r := &c.run
	if !r.begun {
		r.begun, r.from, r.may, r.have = true, l.RawOffset, false, make([]bool, len(c.query.Grams))
		r.times, r.starts = timestamp.Nothing, times != nil && times.Starts
	}
	r.chunks++
	r.to = l.RawOffset + l.RawSize
	r.times = r.times.And(c.timed.relate(times))
	if filter == nil || filter.Silent() {
		r.may = true
	} else if !r.may {
		for i, w := range c.query.Grams {
			r.have[i] = r.have[i] || filter.Has(w.Gram, w.Class)
		}
	}
	switch {
	case filter != nil && filter.Ends, times != nil && times.Ends:
		c.close()
	case r.may && c.mayHold():
		c.decode() // the line may go on, and so does the run
	}
}

// close ends the run, and decodes it if it may match.
func (c *candidates) close() {
	r := &c.run
	if !r.begun {
		return
	}
	after := c.behind(r.times)
	needed := c.timed != nil && after == timestamp.Partly || c.mayHold() && (r.may || c.query.May(func(i int) bool { return r.have[i] }))
	if r.chunks > 0 && needed {
		c.decode()
	}
	c.before = after
	c.found.Chunks += r.chunks
	c.found.Skipped += r.chunks
	r.chunks, r.begun = 0, false
}

// decode gives the chunks of the run; what follows is still part of it.
func (c *candidates) decode() {
	r := &c.run
	for s, err := range c.spots(r.from, r.to) {
		s.before = c.before
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
