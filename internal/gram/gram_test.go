package gram

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// gramsOf are those of a text, for comparison: all parts of it that are of letters, or of letters
// and digits.
func gramsOf(before, text string) map[Wanted]int {
	all := map[Wanted]int{}
	joined := string(lower([]byte(before + text)))
	for c, re := range map[Class]*regexp.Regexp{Letters: regexp.MustCompile(`(?s)\A[a-z]{4}\z`), Digits: regexp.MustCompile(`\A[a-z0-9]*[0-9][a-z0-9]*\z`)} {
		size := map[Class]int{Letters: 4, Digits: 6}[c]
		for end := max(size, len(before)+1); end <= len(joined); end++ {
			g := joined[end-size : end]
			plain := strings.Map(func(r rune) rune { // bytes from 0x80 on are letters
				if r >= 0x80 {
					return 'z'
				}
				return r
			}, latin1(g))
			if re.MatchString(plain) {
				all[Wanted{hashOf(g), c}]++
			}
		}
	}
	return all
}

// latin1 is a text with a character for each byte.
func latin1(s string) string {
	var r []rune
	for _, b := range []byte(s) {
		r = append(r, rune(b))
	}
	return string(r)
}

func hashOf(g string) Gram {
	h := hash(uint32(g[0]) | uint32(g[1])<<8 | uint32(g[2])<<16 | uint32(g[3])<<24)
	if len(g) == 6 {
		h = hash(uint32(h) ^ (uint32(g[4]) | uint32(g[5])<<8))
	}
	return h
}

// there are the grams of a text.
func there(text string) map[Wanted]bool {
	all := map[Wanted]bool{}
	Each(nil, []byte(text), func(g Gram, c Class) { all[Wanted{g, c}] = true })
	return all
}

func TestEach(t *testing.T) {
	texts := rapid.OneOf(rapid.StringMatching(`[A-Zab0-9\n é]{0,40}`), rapid.StringMatching(`[a1-]{0,20}`), rapid.StringN(0, 30, -1))
	rapid.Check(t, func(t *rapid.T) {
		before, text := texts.Draw(t, "before"), texts.Draw(t, "text")
		got := map[Wanted]int{}
		Each([]byte(before), []byte(text), func(g Gram, c Class) { got[Wanted{g, c}]++ })
		if want := gramsOf(before, text); !maps.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		// What is in front of the last bytes does not matter.
		clear(got)
		Each([]byte(before[max(0, len(before)-Size+1):]), []byte(text), func(g Gram, c Class) { got[Wanted{g, c}]++ })
		if want := gramsOf(before, text); !maps.Equal(got, want) {
			t.Fatalf("with %d bytes in front: %v, want %v", Size-1, got, want)
		}
	})
	for text, want := range map[string][]Class{
		"abcd": {Letters}, "ABcD": {Letters}, "éé": {Letters}, "ab1d": nil, "ab d": nil, "1234": nil, "12345": nil, "123456": {Digits},
		"abcdefg": {Letters, Letters, Letters, Letters}, "1abcdef": {Letters, Letters, Digits, Letters}, "12-3456": nil, "blk_12345": nil, "7f3cé": {Digits},
	} {
		var got []Class
		Each(nil, []byte(text), func(_ Gram, c Class) { got = append(got, c) })
		if !slices.Equal(got, want) {
			t.Errorf("%q: classes %d, want %d", text, got, want)
		}
	}
}

// The hashes are part of the format.
func TestHash(t *testing.T) {
	for text, want := range map[string]Gram{"abcd": 0xa3390946, "\x00\x00\x00\x00": 0, "abcd12": 0x904a2f18} {
		if got := hashOf(text); got != want {
			t.Errorf("%q: %08x, want %08x", text, got, want)
		}
		if all := there(text); text[0] != 0 && !all[Wanted{want, Letters}] && !all[Wanted{want, Digits}] {
			t.Errorf("%q: %v", text, all)
		}
	}
	seen := map[Gram]bool{}
	for range 100000 {
		seen[hash(rand.Uint32())] = true
	}
	if len(seen) < 99990 {
		t.Errorf("%d hashes of 100000 grams", len(seen))
	}
}

// A sample is all of the grams, or else those that a step leaves: more than the limit, and no more
// than twice as many.
func TestSample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 3000).Draw(t, "limit")
		n := rapid.IntRange(0, 9000).Draw(t, "n")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		s := NewSample(limit)
		want := map[Gram]bool{}
		for range n {
			g := Gram(random.Uint32())
			if random.IntN(50) == 0 {
				g = 0
			}
			want[g] = true
			s.Add(g)
		}
		check := func() {
			got := map[Gram]bool{}
			s.Each(func(g Gram) { got[g] = true })
			if len(got) != s.Len() {
				t.Fatalf("%d grams, Len %d", len(got), s.Len())
			}
			for g := range want {
				if g.sampled(s.Step()) != got[g] {
					t.Fatalf("%08x: is there: %v, step %d", g, got[g], s.Step())
				}
			}
		}
		check()
		before := 0
		for g := range want {
			if s.Step() > 0 && g.sampled(s.Step()-octave) {
				before++
			}
		}
		if s.Len() > 2*limit && s.Step() < MaxStep || s.Step() > 0 && before <= 2*limit {
			t.Fatalf("%d grams of %d with step %d, before that %d, limit %d", s.Len(), len(want), s.Step(), before, limit)
		}
		for s.Step() < MaxStep && s.Len() > limit {
			was := s.Len()
			s.thin(s.Step() + 1)
			if check(); s.Len() > was {
				t.Fatalf("thinned from %d to %d", was, s.Len())
			}
		}
	})
	for step := range MaxStep {
		if least := Gram(1 << (28 - (step+1)/octave)); !least.sampled(step) || Gram(1<<32-1).sampled(step+1) {
			t.Errorf("step %d", step)
		}
	}
}

// A table knows all grams of a text, and of others about as many as its width says.
func TestRibbon(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for _, n := range []int{1, 2, 10, 63, 64, 65, 500, 20_000} {
		for width := 1; width <= 4; width++ {
			s := NewSample(1 << 20)
			for s.Len() < n {
				s.Add(Gram(random.Uint32()))
			}
			size := (rowsFor(n)*width + 7) / 8
			table := Table{Width: width, Bits: solve(s, size, width)}
			s.Each(func(g Gram) {
				if !table.knows(g) {
					t.Fatalf("%d grams, width %d: %08x is not known", n, width, g)
				}
			})
			known := 0
			const tries = 20_000
			for range tries {
				if table.knows(Gram(random.Uint32())) {
					known++
				}
			}
			if want := tries >> width; known > want+want/4+80 || known < want/2-20 {
				t.Errorf("%d grams, width %d: %d of %d others are known, want about %d", n, width, known, tries, want)
			}
		}
	}
	// With fewer rows than it takes, less is told apart, and nothing is denied.
	s := NewSample(1 << 20)
	for s.Len() < 1000 {
		s.Add(Gram(random.Uint32()))
	}
	for _, size := range []int{1, 2, 9, 60, 120} {
		table := Table{Width: 1, Bits: solve(s, size, 1)}
		s.Each(func(g Gram) {
			if !table.knows(g) {
				t.Fatalf("a table of %d bytes denies %08x", size, g)
			}
		})
	}
}

// The order in which a text has its grams does not matter.
func TestRibbonOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Uint32(), 1, 200).Draw(t, "grams")
		size := rapid.IntRange(1, 60).Draw(t, "size")
		width := rapid.IntRange(1, MaxWidth).Draw(t, "width")
		if size*8 < width {
			return
		}
		a, b := NewSample(1000), NewSample(1000)
		for i := range list {
			a.Add(Gram(list[i]))
			b.Add(Gram(list[len(list)-1-i]))
		}
		if x, y := solve(a, size, width), solve(b, size, width); !bytes.Equal(x, y) {
			t.Fatalf("% x, and the other way round % x", x, y)
		}
	})
}

// have is what a filter says of the grams of a query.
func have(q *Query, f *Filter) func(int) bool {
	return func(i int) bool {
		w := q.Grams[i]
		return f.Has(w.Gram, w.Class)
	}
}

// A text has all grams that its filter was made of.
func TestFilter(t *testing.T) {
	texts := rapid.OneOf(rapid.StringMatching(`([a-zA-Z]{2,8}[ =][0-9]{1,9}\n?){0,60}`), rapid.StringN(0, 300, -1))
	rapid.Check(t, func(t *rapid.T) {
		before, text := texts.Draw(t, "before"), texts.Draw(t, "text")
		limit := rapid.IntRange(0, 300).Draw(t, "limit")
		f := Build([]byte(before), []byte(text), limit)
		if n := len(f[Letters].Bits) + len(f[Digits].Bits); n > limit {
			t.Fatalf("%d bytes, limit %d", n, limit)
		}
		if f.Denies([]byte(before), []byte(text)) {
			t.Fatal("a gram is missing")
		}
	})
	f := Build(nil, []byte(strings.Repeat("some words of a text, and number 123456789\n", 10)), 100)
	missing := 0
	Each(nil, []byte("quite different things altogether, 987654321"), func(g Gram, c Class) {
		if !f.Has(g, c) {
			missing++
		}
	})
	if missing < 15 {
		t.Errorf("only %d grams are missing", missing)
	}
	if !f.Denies(nil, []byte("987654321")) || !f.Denies(nil, []byte("different")) {
		t.Error("a filter denies too little")
	}
	if f := Build(nil, []byte("words"), 9); !f.Denies(nil, []byte("123456")) {
		t.Error("a filter of a text without numbers denies none")
	}
}

// Ten bits for each random id of a text tell others apart, but for two of a hundred; so do they
// where the text has less of them.
func TestRandomIDs(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	id := func() []byte { return fmt.Appendf(nil, "blk_%d", random.Int64()) }
	for _, n := range []int{400, 4000} {
		var text []byte
		for range n {
			text = append(append(text, id()...), " is stored\n"...)
		}
		f := Build(nil, text, n*10/8+20)
		const tries = 3000
		found := 0
		for range tries {
			if !f.Denies(nil, id()) {
				found++
			}
		}
		if found > tries/50 {
			t.Errorf("%d ids: %d of %d others are found", n, found, tries)
		}
	}
}

// patterns are expressions of all kinds over few letters, so that texts match them.
func patterns() *rapid.Generator[string] {
	leaf := rapid.OneOf(
		rapid.SampledFrom([]string{"a", "b", "K", "s", "é", "abc", "kelvin", "1", "12", " ", ".", "[ab]", "[^a]", `\d`, `\w`, `\b`, "^", "$", "", "[a-z]",
			"ſ", "K", "[kſ]", `\x{fffd}`, `[\x{fffd}a]`, "\\n", `\pL`, `\Qa.b\E`, "(?i:s)", "(?i:é)", "[[:alpha:]]", "(?s:.)"}),
		rapid.StringMatching(`[abks1é]{1,6}`),
	)
	var tree func(depth int) *rapid.Generator[string]
	tree = func(depth int) *rapid.Generator[string] {
		if depth == 0 {
			return leaf
		}
		below := tree(depth - 1)
		return rapid.OneOf(leaf,
			rapid.Custom(func(t *rapid.T) string {
				return strings.Join(rapid.SliceOfN(below, 1, 4).Draw(t, "concat"), "")
			}),
			rapid.Custom(func(t *rapid.T) string {
				return "(" + strings.Join(rapid.SliceOfN(below, 1, 4).Draw(t, "alternate"), "|") + ")"
			}),
			rapid.Custom(func(t *rapid.T) string {
				op := rapid.SampledFrom([]string{"*", "+", "?", "{2}", "{0,2}", "{2,}", "*?", "+?"}).Draw(t, "op")
				return "(?:" + below.Draw(t, "repeated") + ")" + op
			}),
			rapid.Custom(func(t *rapid.T) string {
				return rapid.SampledFrom([]string{"(?i)", "(?i:", "(?-i:", "("}).Draw(t, "flags") + below.Draw(t, "flagged")
			}),
		)
	}
	return rapid.Custom(func(t *rapid.T) string {
		p := tree(3).Draw(t, "pattern")
		return p + strings.Repeat(")", max(0, strings.Count(p, "(")-strings.Count(p, ")")))
	})
}

// A line that matches has the grams that the query demands, and its filter says so.
func TestQueryHasNoFalseNegatives(t *testing.T) {
	lines := rapid.OneOf(
		rapid.StringMatching(`[abksABKS1éÉſK ]{0,20}`), rapid.StringMatching(`(abc|kelvin|KELVIN|ab|12|\x{fffd}| ){0,8}`),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes")) }),
	)
	matches := 0
	rapid.Check(t, func(t *rapid.T) {
		pattern := patterns().Draw(t, "pattern")
		re, err := regexp.Compile(pattern)
		if err != nil {
			t.Skip("drawn again: not a regular expression")
		}
		parsed, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		q := Regexps([]*syntax.Regexp{parsed})
		line := strings.ReplaceAll(lines.Draw(t, "line"), "\n", " ")
		if rapid.Bool().Draw(t, "literally") {
			if prefix, _ := re.LiteralPrefix(); !strings.Contains(prefix, "\n") {
				line += prefix + line
			}
		}
		if !re.MatchString(line) {
			return
		}
		matches++
		all := there(line)
		if !q.May(func(i int) bool { return all[q.Grams[i]] }) {
			t.Fatalf("%q matches %q, but the query says it does not: %v", pattern, line, q.Grams)
		}
		f := Build(nil, []byte("other\n"+line), 50)
		if !q.May(have(q, &f)) {
			t.Fatalf("%q matches %q, but its filter says it does not", pattern, line)
		}
	})
	if matches < 20 && !testing.Short() { // which draws few
		t.Errorf("%d matches", matches)
	}
}

// What queries demand, as words of which all or any must be there.
func TestQuery(t *testing.T) {
	for _, tt := range []struct {
		pattern   string
		yes, noes []string
	}{
		{"panic", []string{"a panic", "PANIC"}, []string{"pan", "pani", "nothing"}},
		{"panic: .* goroutine", []string{"panic: 12 goroutine"}, []string{"panic: 12", " goroutine"}},
		{"error|warning", []string{"error", "warning"}, []string{"info", "eror"}},
		{"(?i)Error", []string{"error"}, []string{"info"}},
		{"(?i)session", []string{"session", "ſeſſion"}, []string{"something"}},
		{"conn(ected|ection)", []string{"connected", "connection"}, []string{"connects", "rejected"}},
		{"user[0-9]+ failed", []string{"user1 failed"}, []string{"user1", " failed"}},
		{"(fail|deni)ed +by", []string{"failed by", "denied by"}, []string{"marked by", "fail"}},
		{`blk_-?7128370237(68|69)`, []string{"blk_712837023768", "blk_-712837023769"}, []string{"blk_712837023668", "blk_7128370237"}},
		{`id=[0-9]+7f3c9a-`, []string{"id=17f3c9a-"}, []string{"id=17f3c9-"}},
		{"x+abcdefg", []string{"xabcdefg"}, []string{"x", "abcdef"}},
		{"(abcd)+(efgh)?", []string{"abcd"}, []string{"efgh"}},
		{"(?:err|warn|info|debug|trace|fatal|panic|alert|a|b|c|d|e|f|g|h|i|j)ed", []string{"xed"}, nil},
	} {
		parsed, err := syntax.Parse(tt.pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		q := Regexps([]*syntax.Regexp{parsed})
		may := func(text string) bool {
			all := there(text)
			return q.May(func(i int) bool { return all[q.Grams[i]] })
		}
		for _, text := range tt.yes {
			if !may(text) {
				t.Errorf("%q cannot be in %q", tt.pattern, text)
			}
		}
		for _, text := range tt.noes {
			if may(text) {
				t.Errorf("%q may be in %q", tt.pattern, text)
			}
		}
	}
	for _, pattern := range []string{"", "a.c", ".*", "[a-z]+", "abc", "(abcd)?", "abcd|"} {
		parsed, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if q := Regexps([]*syntax.Regexp{parsed}); !q.Trivial() {
			t.Errorf("%q demands something", pattern)
		}
	}
	q := Literals([][]byte{[]byte("Some\xffthing"), []byte("else.")})
	for text, want := range map[string]bool{"some\xffthing": true, "ELSE.": true, "something": false} {
		all := there(text)
		if got := q.May(func(i int) bool { return all[q.Grams[i]] }); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if !(&Query{}).Trivial() {
		t.Error("the zero query demands something")
	}
}

func BenchmarkBuild(b *testing.B) {
	text := bytes.Repeat([]byte("Nov 24 01:47:01 host postgres[1]: LOG:  database system is ready\n"), 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Build(nil, text, 100)
	}
}
