package search

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lmz-go/lmz/internal/gram"
)

func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		pattern   string
		o         Options
		yes, noes []string
	}{
		{"a.c", Options{}, []string{"abc", "xaxcx"}, []string{"ac", "ABC"}},
		{"a.c", Options{IgnoreCase: true}, []string{"aBC"}, []string{"ac"}},
		{"a.c", Options{Fixed: true}, []string{"a.c"}, []string{"abc", "A.c"}},
		{"a.C", Options{Fixed: true, IgnoreCase: true}, []string{"A.c"}, []string{"abc"}},
		{"a\xff", Options{Fixed: true}, []string{"xa\xff"}, []string{"a"}},
		{"one\ntwo", Options{}, []string{"one", "twofold"}, []string{"three"}},
		{"one\ntwo", Options{Fixed: true}, []string{"one", "twofold"}, []string{"three"}},
		{"one|two", Options{IgnoreCase: true}, []string{"ONE", "TWO"}, []string{"three"}},
		{"^a$", Options{}, []string{"a"}, []string{"ab", "a\r"}},
		{"", Options{}, []string{"", "a"}, nil},
		{`\<two`, Options{}, []string{"two", "one twofold"}, []string{"lastwo"}},
		{`one\>|x\>`, Options{}, []string{"lone two", "x"}, []string{"ones", "xx_"}},
		{`\<two\>`, Options{IgnoreCase: true}, []string{"one-TWO-three"}, []string{"twofold"}},
		{`^ab{,2}c`, Options{}, []string{"ac", "abbc"}, []string{"abbbc"}},
		{`^ab{,}c`, Options{}, []string{"ac", "abbbc"}, []string{"adc"}},
		{`x{,y|[{,1}]`, Options{}, []string{"x{,y", "{", "1"}, []string{"x"}},
		{"\\`a\\'", Options{}, []string{"a"}, []string{"ab", "ba"}},
		{`[]\<]b|\\<|[[:alpha:]\]]<`, Options{}, []string{"]b", "<b", `\<`, "a<", "]<"}, []string{"b", "<"}},
		{"", Options{Fixed: true}, []string{"", "a"}, nil},
	} {
		p, err := Compile(tt.pattern, tt.o)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		for _, line := range tt.yes {
			if !p.Match([]byte(line)) {
				t.Errorf("%q, %+v does not match %q", tt.pattern, tt.o, line)
			}
		}
		for _, line := range tt.noes {
			if p.Match([]byte(line)) {
				t.Errorf("%q, %+v matches %q", tt.pattern, tt.o, line)
			}
		}
	}
	for _, pattern := range []string{"(", "a**", "[z-a]", "a\n(", `\8`, "a\xff", `\<`, `a?\>`, `\<-`, `\<a*`, `\d\>`, `\<(a|b)`, `é\>`} {
		if _, err := Compile(pattern, Options{}); !errors.Is(err, ErrPattern) {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

// plainFind gives the matches of a pattern with one text or expression, tried at every place.
func plainFind(line []byte, p string, o Options) (all [][2]int) {
	re := regexp.MustCompile(`\A(?:` + p + `)\z`)
	matches := func(start, end int) bool {
		text := line[start:end]
		switch {
		case o.Line && (start > 0 || end < len(line)), o.Word && !o.Line && !isWord(line, start, end):
			return false
		case !o.Fixed:
			return re.Match(text)
		case !o.IgnoreCase:
			return string(text) == p
		case !utf8.Valid(text) || !utf8.ValidString(p):
			return bytes.Equal(bytes.ToLower(text), bytes.ToLower([]byte(p)))
		}
		return strings.EqualFold(string(text), p)
	}
	between := func(i int) bool { return o.Fixed && !o.Word || i == len(line) || utf8.RuneStart(line[i]) } // characters
	found := false
	for start := 0; start <= len(line); start++ {
		for end := len(line); end >= start; end-- {
			if between(start) && between(end) && matches(start, end) {
				found = true
				if end > start {
					all = append(all, [2]int{start, end})
					start = end - 1
				}
				break
			}
		}
	}
	if found && all == nil {
		all = [][2]int{}
	}
	return all
}

// Whatever the options, a pattern matches where trying each place says so, and the query demands
// nothing else.
func TestPatternMatchesPlainly(t *testing.T) {
	words := rapid.StringMatching(`[aAbé_ .1-]{0,5}`)
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			Fixed: rapid.Bool().Draw(t, "fixed"), IgnoreCase: rapid.Bool().Draw(t, "ignoreCase"),
			Word: rapid.Bool().Draw(t, "word"), Line: rapid.IntRange(0, 3).Draw(t, "line") == 0,
		}
		pattern, plain := "", ""
		if o.Fixed {
			pattern = words.Draw(t, "text")
			plain = pattern
		} else {
			// No assertions, which would need what is around the match.
			pattern = rapid.StringMatching(`([ab]|é|\[ab\]|a\+|\(a\|ab\)|\(-\|b\)\*|\.|\\w|_1| ){1,4}`).Draw(t, "expression")
			if plain = pattern; o.IgnoreCase {
				plain = "(?i)" + pattern
			}
		}
		line := []byte(words.Draw(t, "before") + strings.Repeat(words.Draw(t, "line"), rapid.IntRange(0, 3).Draw(t, "times")))
		if o.Fixed && rapid.Bool().Draw(t, "there") {
			line = append(append(line, strings.ToUpper(pattern)...), words.Draw(t, "behind")...)
		}
		p, err := Compile(pattern, o)
		if err != nil {
			t.Fatalf("%q: %v", pattern, err)
		}
		want := plainFind(line, plain, o)
		var got [][2]int
		for start, end := range p.All(line) {
			got = append(got, [2]int{start, end})
		}
		if p.Match(line) != (want != nil) || !slices.Equal(got, want) {
			t.Fatalf("%q, %+v in %q: %v, %v, want %v", pattern, o, line, p.Match(line), got, want)
		}
		there := map[gram.Wanted]bool{}
		gram.Each(nil, line, func(g gram.Gram, c gram.Class) { there[gram.Wanted{Gram: g, Class: c}] = true })
		if want != nil && !p.Query().May(func(i int) bool { return there[p.Query().Grams[i]] }) {
			t.Fatalf("%q, %+v matches %q, but the query says it does not", pattern, o, line)
		}
	})
}

func TestAll(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		o       Options
		line    string
		want    []string
	}{
		{"a|ab", Options{}, "xab ab", []string{"ab", "ab"}},
		{"a.*?b", Options{}, "a1b2b a3b", []string{"a1b", "a3b"}},
		{"x*", Options{}, "axxbx", []string{"xx", "x"}},
		{"^a", Options{}, "aaa", []string{"a"}},
		{`\bfoo`, Options{}, "foofoo foo", []string{"foo", "foo"}},
		{"one\nonetwo\nthree", Options{}, "onetwo three", []string{"onetwo", "three"}},
		{"one\nonetwo\nthree", Options{Fixed: true}, "onetwo three", []string{"onetwo", "three"}},
		{"foo", Options{Word: true}, "foo food foo,foo", []string{"foo", "foo", "foo"}},
		{"foo", Options{Word: true, Fixed: true}, "foo food foo,foo", []string{"foo", "foo", "foo"}},
		{"fo+|fo", Options{Word: true}, "foo-fo", []string{"foo", "fo"}},
		{`foo\.?`, Options{Word: true}, "foo.", []string{"foo."}},
		{`foo\.?`, Options{Word: true}, "a foo.", []string{"foo."}},
		{"é", Options{Word: true}, "né é", []string{"é"}},
		{"a\n-x", Options{Word: true}, "-x a", []string{"-x", "a"}},
		{"^a|b", Options{Word: true}, "a a b", []string{"a", "b"}},
		{`\Qa`, Options{Word: true}, "a ab", []string{"a"}},
		{`\Qa`, Options{Line: true}, "a", []string{"a"}},
		{"a|b", Options{Line: true}, "ab", nil},
		{"K", Options{Fixed: true, IgnoreCase: true}, "kK\u212a", []string{"k", "K", "\u212a"}},
		{"m\xfcl", Options{Fixed: true, IgnoreCase: true}, "M\xfcL m\xfcl mul", []string{"M\xfcL", "m\xfcl"}},
		{"", Options{Fixed: true, Word: true}, "né", nil},
		{"\xa9", Options{Fixed: true, Word: true}, "é", nil},
		{"\xa9", Options{Fixed: true}, "é", []string{"\xa9"}},
		{"\xfc", Options{Fixed: true, Word: true}, "\xfc a\xfc", []string{"\xfc"}},
		{"É\xff", Options{Fixed: true, IgnoreCase: true}, "\xffé\xff", []string{"é\xff"}},
	} {
		p, err := Compile(tt.pattern, tt.o)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		var got []string
		for start, end := range p.All([]byte(tt.line)) {
			got = append(got, tt.line[start:end])
		}
		if !slices.Equal(got, tt.want) || p.Match([]byte(tt.line)) != (tt.want != nil) {
			t.Errorf("%q, %+v in %q: %q, want %q", tt.pattern, tt.o, tt.line, got, tt.want)
		}
	}
}

// A long line matches as a short one does.
func TestLongLine(t *testing.T) {
	filler := strings.Repeat("é x ", longLine/4)
	for _, pattern := range []string{"needle", "needle+ x", `needle\b`, `\bneedle`, "^é x.*dle", "needle é x $", "n.edle", "(?i)NEEDLE", "absent", "needlework", "^needle"} {
		p, err := Compile(pattern, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{filler + "needle " + filler, "needle " + filler, filler + "needle", filler + "eneedlee " + filler} {
			if want := regexp.MustCompile(pattern).MatchString(line); p.Match([]byte(line)) != want {
				t.Errorf("%q in %.20q…: want %v", pattern, line, want)
			}
		}
	}
}

// To match a line of any length ends soon after the context, whatever the pattern is.
func TestMatchContext(t *testing.T) {
	line := bytes.Repeat([]byte("abcdefg "), 1<<20)
	over := errors.New("over")
	for _, o := range []Options{{}, {Word: true}, {Line: true}, {Fixed: true}, {Fixed: true, IgnoreCase: true}, {Fixed: true, Word: true}} {
		pattern := "[a-c].*h"
		if o.Fixed {
			pattern = "gh"
		}
		if o.Fixed && o.Word {
			pattern = "bcdef"
		}
		p, err := Compile(pattern, o)
		if err != nil {
			t.Fatal(err)
		}
		ctx := &countdown{Context: context.Background(), left: 3}
		found, err := p.MatchContext(ctx, line)
		if found || err != context.Canceled || ctx.after > 10 {
			t.Errorf("%+v: %v, %v; %d looks at a context that had ended", o, found, err, ctx.after)
		}
		if found, err := p.MatchContext(t.Context(), line[:1<<20]); found || err != nil {
			t.Errorf("%+v: %v, %v", o, found, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(over)
	p, _ := Compile("a", Options{})
	if _, err := p.MatchContext(ctx, []byte("a")); err != over {
		t.Errorf("%v, want the cause", err)
	}
}

// countdown is a context that has ended when it has been looked at so often.
type countdown struct {
	context.Context
	left, after int
}

func (c *countdown) Err() error {
	if c.left--; c.left >= 0 {
		return nil
	}
	c.after++
	return context.Canceled
}
