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
	for _, typed := range patterns {
		p, err := fromGNU(typed)
		if err != nil {
			return nil, nil, err
		}
		if o.IgnoreCase {
			p = "(?i)" + p
		}
		tree, err := syntax.Parse(p, syntax.Perl)
		if err != nil {
			return nil, nil, badPattern(err, typed)
		}
		plain, err := regexp.Compile(p)
		if err != nil {
			return nil, nil, badPattern(err, typed)
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
			return nil, nil, badPattern(err, typed)
		}
		e.whole = append(e.whole, re)
	}
	var err error
	if e.finder, err = newFinder(trees, o); err != nil {
		return nil, nil, badPattern(err, "") // of all together, which are too many
	}
	return e, trees, nil
}

// fromGNU writes a pattern of GNU grep -E in the syntax of RE2, where that takes something else for
// what it means: {,n} is {0,n}, and \` and \' are the ends of the line. \< and \> are \b next to a
// character that words have; RE2 has nothing that they are elsewhere.
func fromGNU(p string) (string, error) {
	var out strings.Builder
	inWord := func(i int) bool { // whether a byte stands for itself, once, and words have it
		if i < 0 || i >= len(p) || !isASCIIWord(p[i]) || i > 0 && p[i-1] == '\\' {
			return false
		}
		return i+1 == len(p) || strings.IndexByte("*?{", p[i+1]) < 0
	}
	for i := 0; i < len(p); i++ {
		rest := p[i:]
		switch {
		case rest[0] == '[':
			n := bracketLength(rest)
			out.WriteString(rest[:n])
			i += n - 1
		case upTo.MatchString(rest):
			out.WriteString("{0")
		case rest[0] == '\\' && len(rest) > 1:
			i++
			switch c := rest[1]; {
			case c == '`':
				out.WriteString(`\A`)
			case c == '\'':
				out.WriteString(`\z`)
			case c == '<' && inWord(i+1), c == '>' && inWord(i-2):
				out.WriteString(`\b`)
			case c == '<' || c == '>':
				return "", fmt.Errorf("%w: `\\%c` is known next to a letter or digit only; `\\b` is either end of a word", ErrPattern, c)
			default:
				out.WriteString(rest[:2])
			}
		default:
			out.WriteByte(rest[0])
		}
	}
	return out.String(), nil
}

func isASCIIWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|' ' && c|' ' <= 'z'
}

var upTo = regexp.MustCompile(`^\{,[0-9]*\}`)

// bracketLength is the length of the bracket expression that p begins with, or 1 if it does not
// end.
func bracketLength(p string) int {
	i := 1
	if strings.HasPrefix(p[i:], "^") {
		i++
	}
	for first := true; i < len(p); first = false {
		switch {
		case p[i] == ']' && !first:
			return i + 1
		case strings.HasPrefix(p[i:], "[:"):
			if n := strings.Index(p[i:], ":]"); n > 0 {
				i += n + 2
				continue
			}
		case p[i] == '\\': // which RE2 takes as it does elsewhere
			i++
		}
		i++
	}
	return 1
}

// badPattern shows the part of a pattern that is wrong, or all of it where that part is not what
// was typed.
func badPattern(err error, typed string) error {
	var wrong *syntax.Error
	switch {
	case !errors.As(err, &wrong):
		return fmt.Errorf("%w: %v", ErrPattern, err)
	case typed == "":
		return fmt.Errorf("%w: %v", ErrPattern, wrong.Code)
	case wrong.Expr != "" && strings.Contains(typed, wrong.Expr):
		typed = wrong.Expr
	}
	return fmt.Errorf("%w: %v: `%s`", ErrPattern, wrong.Code, typed)
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
