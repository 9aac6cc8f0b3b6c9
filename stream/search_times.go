package stream

import (
	"errors"
	"time"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/timestamp"
)

// TimeSpan is the time that lines are searched of: from Since on, up to Until, which is left out;
// zero times leave these open. A line without a time has that of the line in front of it, and in
// front of all times is older than any.
//
// Times without a zone are compared with what a clock shows in the zones of Since and Until.
type TimeSpan struct {
	Since, Until time.Time

	// Written is when the content ended: times without a year are the last that are no later than
	// a day after it. Zero stands for now.
	Written time.Time

	// Format is how times are written, as strftime has it. With "" it is the one that the archive
	// was written with (WithTimeFormat), or else the usual forms are tried.
	Format string
}

// timed looks for lines of a span. A nil one takes those of any time.
type timed struct {
	span    *timestamp.Span
	format  string
	finders map[string]*timestamp.Finder
	finder  *timestamp.Finder // of the frame at hand
}

func newTimed(s *TimeSpan) (*timed, error) {
	if s == nil {
		return nil, nil
	}
	if !s.Since.IsZero() && !s.Until.IsZero() && s.Until.Before(s.Since) {
		return nil, errors.New("stream: search of a time that ends before it begins")
	}
	written := s.Written
	if written.IsZero() {
		written = time.Now()
	}
	f, err := newFinder(s.Format)
	t := &timed{span: timestamp.NewSpan(s.Since, s.Until, written), format: s.Format, finder: f}
	t.finders = map[string]*timestamp.Finder{s.Format: f}
	return t, err
}

// formatOf is the format of the times in a frame.
func (t *timed) formatOf(f *archiveFrame) string {
	if t.format == "" && f.times != nil {
		return f.times.Format
	}
	return t.format
}

// enter takes the format of a frame.
func (t *timed) enter(f *archiveFrame) (err error) {
	if t == nil {
		return nil
	}
	name := t.formatOf(f)
	if t.finders[name] == nil {
		if t.finders[name], err = newFinder(name); err != nil {
			return err
		}
	}
	t.finder = t.finders[name]
	return nil
}

// holds says whether a line is of the span; within says so of the line in front of it.
func (t *timed) holds(line []byte, within bool) bool {
	if t == nil {
		return true
	}
	if s, ok := t.finder.Find(line); ok {
		return t.span.Contains(s)
	}
	return within
}

func (t *timed) first() timestamp.Relation {
	if t == nil {
		return timestamp.Within
	}
	return t.span.First()
}

// frameTimes gives what is known of the chunks of a frame, group by group.
type frameTimes struct{ times *format.Times }

// of gives the times of a frame, if they were looked for as they are now.
func (t *timed) of(f *archiveFrame) frameTimes {
	if t == nil || f.times == nil || f.times.Format != t.formatOf(f) {
		return frameTimes{}
	}
	return frameTimes{f.times.Clone()}
}

// group gives what is known of the next n chunks; nil: nothing is.
func (f frameTimes) group(n int) (list []timestamp.Range) {
	if f.times == nil {
		return nil
	}
	for range n {
		list = append(list, f.times.Next())
	}
	return list
}

// relate says how many times of some chunks are in the span.
func (t *timed) relate(list []timestamp.Range) timestamp.Relation {
	if len(list) == 0 {
		return timestamp.Partly
	}
	all := timestamp.Nothing
	for i := range list {
		all = all.And(t.relateOne(&list[i]))
	}
	return all
}

func (t *timed) relateOne(r *timestamp.Range) timestamp.Relation {
	if t == nil || r == nil {
		return timestamp.Partly
	}
	return t.span.Relate(r)
}

// behind is what holds for the line in front of what follows such times.
func (c *candidates) behind(times timestamp.Relation) timestamp.Relation {
	if times == timestamp.Nothing {
		return c.before
	}
	return times
}

// mayHold says whether the run may hold lines of the span.
func (c *candidates) mayHold() bool {
	r := &c.run
	return c.timed == nil || r.times == timestamp.Within || r.times == timestamp.Partly || !r.starts && c.before != timestamp.Outside
}

// passes passes over a group that holds no line of the span, without a look at its chunks.
func (c *candidates) passes(times []timestamp.Range) bool {
	if c.timed == nil || len(times) == 0 || c.run.begun || !times[len(times)-1].Ends || !times[0].Starts && c.before != timestamp.Outside {
		return false
	}
	after := c.behind(c.timed.relate(times))
	if after != timestamp.Outside {
		return false
	}
	c.before = after
	c.found.Chunks += int64(len(times))
	c.found.Skipped += int64(len(times))
	return true
}
