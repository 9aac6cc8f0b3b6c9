package timestamp

import (
	"math"
	"time"
)

// Span is a time from one moment on up to another one, which is left out.
type Span struct {
	since, until [Yearless]int64 // by the kind of a time, in its nanoseconds
	latest       int64           // that a time without a year may be, as Wall
	year         int             // of latest
	open         bool            // since is left open
}

// NewSpan makes a span. A zero time leaves that side open. Times without a zone are compared with
// what a clock shows in the zones of since and until. A time without a year has the last one that
// makes it no later than a day behind written.
func NewSpan(since, until, written time.Time) *Span {
	s := &Span{since: [Yearless]int64{math.MinInt64, math.MinInt64}, until: [Yearless]int64{math.MaxInt64, math.MaxInt64}}
	if s.open = since.IsZero(); !s.open {
		s.since = [Yearless]int64{nanosOf(since), nanosOf(wall(since))}
	}
	if !until.IsZero() {
		s.until = [Yearless]int64{nanosOf(until), nanosOf(wall(until))}
	}
	latest := wall(written).AddDate(0, 0, 1)
	s.latest, s.year = nanosOf(latest), latest.Year()
	return s
}

// wall is what a clock shows, as if that were in UTC.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

func nanosOf(t time.Time) int64 {
	switch year := t.UTC().Year(); {
	case year < 1700:
		return math.MinInt64
	case year > 2250:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// Contains says whether a time is in the span.
func (s *Span) Contains(t Stamp) bool {
	if t.Kind == Yearless {
		t = s.dated(t.Nanos)
	}
	return t.Nanos >= s.since[t.Kind] && t.Nanos < s.until[t.Kind]
}

// dated gives the year to a time without one.
func (s *Span) dated(nanos int64) Stamp {
	t := Stamp{Wall, in(s.year, nanos)}
	if t.Nanos > s.latest {
		t.Nanos = in(s.year-1, nanos)
	}
	return t
}

// in gives the time of another year. A 29 February becomes the end of the 28th where there is none,
// so that the order stays.
func in(year int, nanos int64) int64 {
	t := time.Unix(0, nanos).UTC()
	if t.Month() == time.February && t.Day() == 29 && daysIn(year, 2) == 28 {
		return days(year, 3, 1)*86400*Second - 1
	}
	return time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC).UnixNano()
}

// Relation is how many of some times are in a span.
type Relation int

// Relations of times to a span.
const (
	Nothing Relation = iota // there are no times
	Outside
	Within
	Partly // or that cannot be known
)

// First says what holds for lines in front of all times: they are older than any.
func (s *Span) First() Relation {
	if s.open {
		return Within
	}
	return Outside
}

// And is the relation of two runs of times together.
func (r Relation) And(other Relation) Relation {
	switch {
	case r == Nothing || r == other:
		return other
	case other == Nothing:
		return r
	}
	return Partly
}

// Relate says how many of the times of a range are in the span.
func (s *Span) Relate(r *Range) Relation {
	all := Nothing
	for k := range Kinds {
		if !r.Has[k] {
			continue
		}
		kind := Kind(k)
		first, last := r.First[k]*Second, r.Last[k]*Second+Second-1
		if kind == Yearless {
			from, to := s.dated(first), s.dated(last)
			if from.Nanos > to.Nanos { // the turn of a year is in between
				return Partly
			}
			kind, first, last = Wall, from.Nanos, to.Nanos
		}
		one := Partly
		switch {
		case last < s.since[kind] || first >= s.until[kind]:
			one = Outside
		case first >= s.since[kind] && last < s.until[kind]:
			one = Within
		}
		all = all.And(one)
	}
	return all
}
