package stream

import (
	"errors"
	"fmt"
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
	if t.format == "" && f.header != nil {
		return f.header.TimeFormat
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

// knows says whether the times of a frame were looked for as they are now.
func (t *timed) knows(f *archiveFrame) bool {
	return t != nil && f.err == nil && f.header.TimeFormat == t.formatOf(f)
}

// relate says how many of the times of a chunk are in the span.
func (t *timed) relate(r *timestamp.Range) timestamp.Relation {
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

func newFinder(timeFormat string) (*timestamp.Finder, error) {
	f, err := timestamp.NewFinder(timeFormat)
	if err == nil && len(timeFormat) > format.MaxTimeFormat {
		err = fmt.Errorf("the format of times has %d bytes, want at most %d", len(timeFormat), format.MaxTimeFormat)
	}
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	return f, nil
}
