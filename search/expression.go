package search

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// expressions are regular expressions of which one must match.
type expressions struct {
	plain []*regexp.Regexp
	whole []*regexp.Regexp // the same, where they must be words or lines; nil: they need not
	finder
}

// longLine is the length in bytes from which a line is read in a way that can be interrupted, and
// is slower.
const longLine = 256 << 10

// newExpressions gives the trees of the patterns, too.
func newExpressions(patterns []string, o Options) (*expressions, []*syntax.Regexp, error) {
	e := &expressions{}
	var trees []*syntax.Regexp
	for _, p := range patterns {
		if o.IgnoreCase {
			p = "(?i)" + p
		}
		tree, err := syntax.Parse(p, syntax.Perl)
		if err != nil {
			return nil, nil, badPattern(err)
		}
		plain, err := regexp.Compile(p)
		if err != nil {
			return nil, nil, badPattern(err)
		}
		trees, e.plain = append(trees, tree), append(e.plain, plain)
		// A pattern may end with what would change the meaning of text behind it; what its tree is
		// written as does not.
		var whole string
		switch {
		case o.Line:
			whole = `\A(?:` + tree.String() + `)\z`
		case o.Word:
			whole = `(?:\A|` + outsideWord + `)(?:` + tree.String() + `)(?:` + outsideWord + `|\z)`
		default:
			continue
		}
		re, err := regexp.Compile(whole)
		if err != nil {
			return nil, nil, badPattern(err)
		}
		e.whole = append(e.whole, re)
	}
	var err error
	if e.finder, err = newFinder(trees, o); err != nil {
		return nil, nil, badPattern(err)
	}
	return e, trees, nil
}

func badPattern(err error) error {
	var wrong *syntax.Error
	if errors.As(err, &wrong) {
		return fmt.Errorf("%w: %v: %q", ErrPattern, wrong.Code, wrong.Expr)
	}
	return fmt.Errorf("%w: %v", ErrPattern, err)
}

func (e *expressions) match(ctx context.Context, line []byte) bool {
	for i, re := range e.plain {
		if matches(ctx, re, line) && (e.whole == nil || matches(ctx, e.whole[i], line)) {
			return true
		}
	}
	return false
}

func matches(ctx context.Context, re *regexp.Regexp, line []byte) bool {
	if len(line) < longLine {
		return re.Match(line)
	}
	// As the package regexp does, but for a reader.
	if prefix, complete := re.LiteralPrefix(); prefix != "" {
		x := text{bytes: []byte(prefix)}
		at, _ := x.index(ctx, line, 0)
		if at < 0 || complete {
			return at >= 0
		}
		_, before := utf8.DecodeLastRune(line[:at])
		line = line[at-before:]
	}
	return re.MatchReader(&reader{ctx: ctx, rest: line})
}

// reader gives the characters of a line, until the context ends.
type reader struct {
	ctx   context.Context
	rest  []byte
	count int
}

func (r *reader) ReadRune() (rune, int, error) {
	if r.count++; r.count%4096 == 0 && r.ctx.Err() != nil || len(r.rest) == 0 {
		return 0, 0, io.EOF
	}
	c, n := utf8.DecodeRune(r.rest)
	r.rest = r.rest[n:]
	return c, n, nil
}

// finder finds where any of the expressions matches.
type finder struct {
	line bool
	any  *regexp.Regexp
	word *wordFinder // nil: any place will do
}

func newFinder(trees []*syntax.Regexp, o Options) (f finder, err error) {
	var list []string
	longest := true
	for _, t := range trees {
		list = append(list, "(?:"+t.String()+")")
		longest = longest && !lazy(t)
	}
	any := strings.Join(list, "|")
	compile := func(before, behind string) (re *regexp.Regexp) {
		if err == nil {
			re, err = regexp.Compile(before + any + behind)
		}
		if err == nil && longest {
			re.Longest()
		}
		return re
	}
	switch {
	case o.Line:
		f = finder{line: true, any: compile(`\A(?:`, `)\z`)}
	case o.Word:
		f.word = &wordFinder{
			first: compile(`\A(`, `)(?:`+outsideWord+`|\z)`),
			next:  compile(outsideWord+`(`, `)(?:`+outsideWord+`|\z)`),
			only:  compile(`\A(?:`, `)\z`),
			last:  compile(`\A(?s:.)(?:`, `)\z`),
		}
	default:
		f.any = compile("", "")
	}
	return f, err
}

// lazy says whether an expression has lazy repetition.
func lazy(t *syntax.Regexp) bool {
	switch t.Op {
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		if t.Flags&syntax.NonGreedy != 0 {
			return true
		}
	}
	for _, sub := range t.Sub {
		if lazy(sub) {
			return true
		}
	}
	return false
}

func (f finder) all(line []byte, yield func(int, int) bool) {
	switch {
	case f.line:
		if len(line) > 0 && f.any.Match(line) {
			yield(0, len(line))
		}
	case f.word != nil:
		f.word.all(line, yield)
	default:
		for _, at := range f.any.FindAllIndex(line, -1) {
			if at[0] < at[1] && !yield(at[0], at[1]) {
				return
			}
		}
	}
}
