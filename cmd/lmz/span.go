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

// span is a flag for a part of what an archive holds, FIRST:END. What has a minus sign counts from
// the end; either one may be left out, and of lines one number alone is that line.
type span struct {
	unit     unit
	text     string
	from, to bound
}

// bound is where a span begins or ends.
type bound struct {
	n       int64
	given   bool
	fromEnd bool // n is negative, or it is zero
}

func (s *span) Type() string   { return "FIRST:END" }
func (s *span) String() string { return s.text }

// given says whether there was such a flag.
func (s *span) given() bool { return s.text != "" }

// relative says whether it depends on where the archive ends.
func (s *span) relative() bool { return s.from.fromEnd || s.to.fromEnd }

func (s *span) Set(text string) error {
	from, to, colon := strings.Cut(text, ":")
	if !colon && s.unit == linesOfRange {
		to = from
	}
	next := span{unit: s.unit, text: text}
	var err, err2 error
	next.from, err = parseBound(from)
	next.to, err2 = parseBound(to)
	if err = errors.Join(err, err2); err != nil || !colon && (s.unit == bytesOfRange || from == "") {
		return fmt.Errorf("want FIRST:END such as %s", s.unit)
	}
	if s.unit == linesOfRange && (next.from.given && next.from.n == 0 || next.to.given && next.to.n == 0) {
		return errors.New("lines are counted from 1")
	}
	if next.from.given && next.to.given && next.from.fromEnd == next.to.fromEnd && next.from.n > next.to.n {
		return errors.New("it begins behind its end")
	}
	*s = next
	return nil
}

func parseBound(text string) (b bound, err error) {
	if text == "" {
		return b, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return bound{n: n, given: true, fromEnd: text[0] == '-'}, err
}

func (u unit) String() string {
	if u == linesOfRange {
		return "1:10, 100:, :10 or -10:, or one number"
	}
	return "0:4096, 100:, :100 or -100:"
}

// resolve gives where the span begins and ends, counted from 0 and the end left out, in n of the
// unit.
func (s *span) resolve(n int64) (first, end int64) {
	end = n
	if s.from.given {
		first = s.from.n
		if s.from.fromEnd {
			first = max(0, n+s.from.n)
		} else if s.unit == linesOfRange {
			first--
		}
	}
	if s.to.given {
		end = s.to.n
		if s.to.fromEnd {
			end = n + s.to.n
			if s.unit == linesOfRange {
				end++
			}
		}
	}
	first = min(first, n)
	return first, max(first, min(end, n))
}

// within says whether all of the span is in the first n of the unit, whatever may follow them.
func (s *span) within(n int64) bool { return s.to.given && !s.relative() && s.to.n <= n }
