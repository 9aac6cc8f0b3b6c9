package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// unit is what a span counts.
type unit int

const (
	bytesOfRange unit = iota // from 0; the end is left out
	linesOfRange             // from 1; the end is included
)

// span is a flag for a part of what an archive holds, FIRST:END. Negative numbers count from the end; either one may be
// left out, and of lines one number alone is that line.
type span struct {
	unit     unit
	text     string
	from, to int64
	hasFrom  bool
	hasTo    bool
}

func (s *span) Type() string   { return "first:end" }
func (s *span) String() string { return s.text }

// given says whether there was such a flag.
func (s *span) given() bool { return s.text != "" }

// relative says whether it depends on where the archive ends.
func (s *span) relative() bool { return s.from < 0 || s.to < 0 }

func (s *span) Set(text string) error {
	from, to, colon := strings.Cut(text, ":")
	if !colon && s.unit == linesOfRange {
		to = from
	}
	next := span{unit: s.unit, text: text}
	var err, err2 error
	next.from, next.hasFrom, err = s.number(from)
	next.to, next.hasTo, err2 = s.number(to)
	if err = errors.Join(err, err2); err != nil || !colon && (s.unit == bytesOfRange || from == "") {
		return fmt.Errorf("want FIRST:END such as %s", s.unit)
	}
	if s.unit == linesOfRange && (next.hasFrom && next.from == 0 || next.hasTo && next.to == 0) {
		return errors.New("lines are counted from 1")
	}
	if next.hasFrom && next.hasTo && (next.from < 0) == (next.to < 0) && next.from > next.to {
		return errors.New("it begins behind its end")
	}
	*s = next
	return nil
}

func (s *span) number(text string) (n int64, has bool, err error) {
	if text == "" {
		return 0, false, nil
	}
	n, err = strconv.ParseInt(text, 10, 64)
	return n, true, err
}

func (u unit) String() string {
	if u == linesOfRange {
		return "1:10, 100:, :10 or -10:, or one number"
	}
	return "0:4096, 100:, :100 or -100:"
}

// resolve gives where the span begins and ends, counted from 0 and the end left out, in n of the unit, and whether all of it is
// there, whatever may follow.
func (s *span) resolve(n int64) (first, end int64, all bool) {
	first, end = 0, n
	if s.hasFrom {
		first = s.from
		if s.unit == linesOfRange && first > 0 {
			first--
		}
		if s.from < 0 {
			first = max(0, n+s.from)
		}
	}
	if s.hasTo {
		end = s.to
		if s.to < 0 {
			end = n + s.to
			if s.unit == linesOfRange {
				end++
			}
		}
	}
	all = s.hasTo && !s.relative() && end <= n
	first = min(first, n)
	return first, max(first, min(end, n)), all
}
