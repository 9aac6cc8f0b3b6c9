// Package search says which lines match, and what these must hold, so that most of an archive need
// not be decoded to find them (stream.Archive.Search).
package search

import (
	"context"
	"errors"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lmz-go/lmz/internal/gram"
)

// ErrPattern says that a pattern is no regular expression.
var ErrPattern = errors.New("bad pattern")

// Options say how a pattern is meant.
type Options struct {
	Fixed      bool // it is a text, not a regular expression
	IgnoreCase bool // of all letters, as the flag i of regular expressions
	Word       bool // no letter, digit or underscore is next to what matches
	Line       bool // what matches is the whole line; Word has no meaning then
}

// Pattern matches lines. Its methods may be called concurrently.
type Pattern struct {
	matcher matcher
	query   *gram.Query
}

// matcher is what a pattern is compiled to.
type matcher interface {
	// match gives up, with whatever result, when ctx ends.
	match(ctx context.Context, line []byte) bool
	// all gives the matches that are not empty and do not overlap, from the left, until yield
	// returns false.
	all(line []byte, yield func(start, end int) bool)
}

// Compile makes a Pattern of a regular expression in the syntax of the package regexp, or of a
// text. Of several lines, each is one that may match. It returns ErrPattern.
//
// Lines may hold any bytes. To a regular expression a byte that is not part of UTF-8 is the
// character U+FFFD, and it cannot hold such bytes itself. A text is compared byte by byte, whatever
// it holds; with IgnoreCase what is UTF-8 in it is compared character by character.
func Compile(pattern string, o Options) (*Pattern, error) {
	lines := strings.Split(pattern, "\n")
	if o.Fixed {
		return &Pattern{newTexts(lines, o), queryTexts(lines, o)}, nil
	}
	m, trees, err := newExpressions(lines, o)
	if err != nil {
		return nil, err
	}
	return &Pattern{m, gram.Regexps(trees)}, nil
}

// Match says whether a line, without its end, matches.
func (p *Pattern) Match(line []byte) bool { return p.matcher.match(context.Background(), line) }

// MatchContext is Match, which for a long line may take seconds. It returns the context's cause
// soon after ctx ends.
func (p *Pattern) MatchContext(ctx context.Context, line []byte) (bool, error) {
	found := p.matcher.match(ctx, line)
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	return found, nil
}

// All gives where matches in a line begin and end, those that are not empty, from the left. Of
// several that begin in one place it is the longest, as POSIX says, unless the pattern has lazy
// repetition, such as a*?, and then what Perl takes.
func (p *Pattern) All(line []byte) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) { p.matcher.all(line, yield) }
}

// Query is what a line that matches must hold.
func (p *Pattern) Query() *gram.Query { return p.query }

// inWord says whether a character is part of a word; the expression outsideWord is for all others.
func inWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r)
}

const outsideWord = `[^_\pL\pN]`

// isWord says whether a part of a line cuts no character and has no part of a word next to it.
func isWord(line []byte, start, end int) bool {
	before, _ := utf8.DecodeLastRune(line[:start])
	behind, _ := utf8.DecodeRune(line[end:])
	return !inWord(before) && !inWord(behind) && !cuts(line, start) && !cuts(line, end)
}

// cuts says whether a place in a line is inside of a character.
func cuts(line []byte, at int) bool {
	for start := at - 1; start >= max(0, at-utf8.UTFMax+1); start-- {
		if utf8.RuneStart(line[start]) {
			_, n := utf8.DecodeRune(line[start:])
			return start+n > at
		}
	}
	return false
}
