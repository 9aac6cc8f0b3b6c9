package search

import (
	"regexp"
	"unicode/utf8"
)

// wordFinder finds matches that are words. The package regexp cannot look behind a match, or in
// front of it, so its expressions take the characters there as well.
type wordFinder struct {
	first *regexp.Regexp // a match at the beginning, and what is behind it
	next  *regexp.Regexp // a match, what is in front of it, and what is behind it
	only  *regexp.Regexp // a match that is all there is
	last  *regexp.Regexp // a match with one character in front of it and nothing behind it
}

func (w *wordFinder) all(line []byte, yield func(int, int) bool) {
	for from := 0; from <= len(line); {
		start, end := w.find(line, from)
		if start < 0 {
			return
		}
		if from = end; start == end {
			_, n := utf8.DecodeRune(line[end:])
			from += max(1, n)
		} else if !yield(start, end) {
			return
		}
	}
}

// find gives the first match that begins at from or behind it; -1 if there is none.
func (w *wordFinder) find(line []byte, from int) (start, end int) {
	if from == 0 {
		if at := w.first.FindSubmatchIndex(line); at != nil {
			if at[3] < len(line) && at[1] == len(line) && w.only.Match(line) {
				return 0, len(line)
			}
			return 0, at[3]
		}
	}
	_, n := utf8.DecodeLastRune(line[:from])
	text := line[from-n:]
	at := w.next.FindSubmatchIndex(text)
	if at == nil {
		return -1, -1
	}
	start, end = at[2], at[3]
	// Both the end of the line and the character in front of it may be what is behind a match. The
	// longer one counts.
	if end < len(text) && at[1] == len(text) && w.last.Match(text[at[0]:]) {
		end = len(text)
	}
	return from - n + start, from - n + end
}
