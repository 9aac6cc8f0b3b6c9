// Package search says which lines match, and what these must hold, so that most of an archive need not be decoded to find
// them (stream.Archive.Search).
package search

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/lmz-go/lmz/internal/gram"
)

// ErrPattern says that a pattern is no regular expression.
var ErrPattern = errors.New("bad pattern")

// Options say how a pattern is meant.
type Options struct {
	Fixed      bool // it is a text, not a regular expression
	IgnoreCase bool // of all letters, as the flag i of regular expressions
}

// Pattern matches lines. Its methods may be called concurrently.
type Pattern struct {
	regexps []*regexp.Regexp
	texts   [][]byte
	query   *gram.Query
}

// Compile makes a Pattern of a regular expression in the syntax of the package regexp, or of a text. Of several lines, each is
// one that may match. It returns ErrPattern.
func Compile(pattern string, o Options) (*Pattern, error) {
	p := &Pattern{}
	var parsed []*syntax.Regexp
	for _, line := range strings.Split(pattern, "\n") {
		if o.Fixed && !o.IgnoreCase {
			p.texts = append(p.texts, []byte(line))
			continue
		}
		expr := line
		if o.Fixed {
			expr = regexp.QuoteMeta(line)
		}
		if o.IgnoreCase {
			expr = "(?i)" + expr
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			var wrong *syntax.Error
			if errors.As(err, &wrong) {
				return nil, fmt.Errorf("%w: %v: %q", ErrPattern, wrong.Code, wrong.Expr)
			}
			return nil, fmt.Errorf("%w: %v", ErrPattern, err)
		}
		tree, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			return nil, fmt.Errorf("%w: %v", ErrPattern, err)
		}
		p.regexps, parsed = append(p.regexps, re), append(parsed, tree)
	}
	if p.query = gram.Literals(p.texts); p.texts == nil {
		p.query = gram.Regexps(parsed)
	}
	return p, nil
}

// Match says whether a line, without its end, matches.
func (p *Pattern) Match(line []byte) bool {
	for _, t := range p.texts {
		if bytes.Contains(line, t) {
			return true
		}
	}
	for _, re := range p.regexps {
		if re.Match(line) {
			return true
		}
	}
	return false
}

// Query is what a line that matches must hold.
func (p *Pattern) Query() *gram.Query { return p.query }
