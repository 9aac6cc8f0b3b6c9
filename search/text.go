package search

import (
	"bytes"
	"context"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lmz-go/lmz/internal/gram"
)

// texts are texts of which one must be in a line.
type texts struct {
	list       []text
	word, line bool
}

// text is found in a line as it is, or folded, which makes of each character the first one that
// differs from it in nothing but case.
type text struct {
	bytes []byte
	fold  bool
	first [256]bool // bytes with which a match may begin, if folded
}

func newTexts(list []string, o Options) *texts {
	t := &texts{word: o.Word && !o.Line, line: o.Line}
	for _, s := range list {
		t.list = append(t.list, newText(s, o.IgnoreCase))
	}
	return t
}

func newText(s string, fold bool) text {
	t := text{bytes: []byte(s), fold: fold}
	if !fold || s == "" {
		return t
	}
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		t.first[s[0]] = true
		return t
	}
	for at := r; ; {
		t.first[utf8.AppendRune(nil, at)[0]] = true
		if at = unicode.SimpleFold(at); at == r {
			return t
		}
	}
}

// queryTexts is what a line with one of the texts must hold.
func queryTexts(list []string, o Options) *gram.Query {
	if !o.IgnoreCase {
		var texts [][]byte
		for _, s := range list {
			texts = append(texts, []byte(s))
		}
		return gram.Literals(texts)
	}
	var trees []*syntax.Regexp
	for _, s := range list {
		// Of U+FFFD a query demands nothing.
		tree, err := syntax.Parse("(?i)"+regexp.QuoteMeta(strings.ToValidUTF8(s, "\uFFFD")), syntax.Perl)
		if err != nil { // too long for an expression
			return &gram.Query{}
		}
		trees = append(trees, tree)
	}
	return gram.Regexps(trees)
}

func (t *texts) match(ctx context.Context, line []byte) bool {
	for i := range t.list {
		if start, _ := t.find(ctx, &t.list[i], line, 0); start >= 0 {
			return true
		}
	}
	return false
}

func (t *texts) all(line []byte, yield func(int, int) bool) {
	for from := 0; from <= len(line); {
		start, end := -1, -1
		for i := range t.list {
			if s, e := t.find(context.Background(), &t.list[i], line, from); s >= 0 && (start < 0 || s < start || s == start && e > end) {
				start, end = s, e
			}
		}
		switch {
		case start < 0:
			return
		case start == end:
			from = end + 1
		case !yield(start, end):
			return
		default:
			from = end
		}
	}
}

// find gives the first place of one text from an offset on; -1 if there is none.
func (t *texts) find(ctx context.Context, x *text, line []byte, from int) (start, end int) {
	if t.line {
		if n := x.prefix(line); from == 0 && n == len(line) {
			return 0, n
		}
		return -1, -1
	}
	for ; from <= len(line) && ctx.Err() == nil; from = start + 1 {
		if start, end = x.index(ctx, line, from); start < 0 || !t.word || isWord(line, start, end) {
			return start, end
		}
	}
	return -1, -1
}

// index gives the first place of the text from an offset on; -1 if there is none, or when ctx ends.
func (x *text) index(ctx context.Context, line []byte, from int) (start, end int) {
	const step = 1 << 20 // bytes between looks at ctx
	for ; from <= len(line); from += step {
		to := min(len(line), from+step-1) // the last place where it may begin
		if !x.fold {
			if i := bytes.Index(line[from:min(len(line), to+len(x.bytes))], x.bytes); i >= 0 {
				return from + i, from + i + len(x.bytes)
			}
		} else {
			for i := from; i <= to; i++ {
				if len(x.bytes) > 0 && (i == len(line) || !x.first[line[i]]) {
					continue
				}
				if n := x.prefix(line[i:]); n >= 0 {
					return i, i + n
				}
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return -1, -1
}

// prefix gives how many bytes of line are the text; -1 if it does not begin with it.
func (x *text) prefix(line []byte) int {
	if !x.fold {
		if !bytes.HasPrefix(line, x.bytes) {
			return -1
		}
		return len(x.bytes)
	}
	at := 0
	for rest := x.bytes; len(rest) > 0; {
		if at == len(line) {
			return -1
		}
		want, n := utf8.DecodeRune(rest)
		got, m := utf8.DecodeRune(line[at:])
		if want == utf8.RuneError && n == 1 { // no character, a byte
			if line[at] != rest[0] {
				return -1
			}
			m = 1
		} else if got == utf8.RuneError && m == 1 || folded(want) != folded(got) {
			return -1
		}
		rest = rest[n:]
		at += m
	}
	return at
}

// folded is the first of the characters that differ from r in nothing but case.
func folded(r rune) rune {
	first := r
	for at := unicode.SimpleFold(r); at != r; at = unicode.SimpleFold(at) {
		first = min(first, at)
	}
	return first
}
