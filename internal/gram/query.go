package gram

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Query says which grams a line must have to match. Its zero value demands nothing.
type Query struct {
	Grams []Wanted // different ones
	root  *node
}

// Wanted is a gram of a query.
type Wanted struct {
	Gram  Gram
	Class Class
}

// node is true if all, or any, of its grams are there and of the nodes below it are true. A node of
// all that is empty is true.
type node struct {
	any   bool
	grams []int // in Query.Grams
	below []*node
}

// May says whether a line may match where only the grams are there for whose number in Grams have
// says so.
func (q *Query) May(have func(int) bool) bool { return q.root == nil || q.root.may(have) }

// Trivial says whether every line may match.
func (q *Query) Trivial() bool { return q.root == nil || q.May(func(int) bool { return false }) }

func (n *node) may(have func(int) bool) bool {
	for _, g := range n.grams {
		if have(g) == n.any {
			return n.any
		}
	}
	for _, b := range n.below {
		if b.may(have) == n.any {
			return n.any
		}
	}
	return !n.any
}

// Literals is the query for lines that hold one of these.
func Literals(list [][]byte) *Query {
	b := &builder{}
	var any []*node
	for _, l := range list {
		any = append(any, b.text(string(lower(l))))
	}
	return &Query{root: b.either(any), Grams: b.grams}
}

// Regexps is the query for lines that one of these expressions matches, which are those of the
// package regexp.
func Regexps(list []*syntax.Regexp) *Query {
	b := &builder{}
	var any []*node
	for _, re := range list {
		any = append(any, b.demand(b.analyze(re.Simplify())))
	}
	return &Query{root: b.either(any), Grams: b.grams}
}

func lower(p []byte) []byte {
	p = slices.Clone(p)
	for i := range p {
		p[i] = Lower(p[i])
	}
	return p
}

// builder makes a query. In it a nil node is true.
type builder struct {
	grams []Wanted
	index map[Wanted]int
}

// text is true for lines that hold s, in lower case.
func (b *builder) text(s string) *node {
	n := &node{}
	Each(nil, []byte(s), func(g Gram, c Class) {
		w := Wanted{g, c}
		i, ok := b.index[w]
		if !ok {
			if b.index == nil {
				b.index = map[Wanted]int{}
			}
			i = len(b.grams)
			b.index[w] = i
			b.grams = append(b.grams, w)
		}
		if !slices.Contains(n.grams, i) {
			n.grams = append(n.grams, i)
		}
	})
	if len(n.grams) == 0 {
		return nil
	}
	return n
}

// either is true where one of the nodes is.
func (b *builder) either(list []*node) *node {
	if slices.Contains(list, nil) {
		return nil
	}
	if len(list) == 1 {
		return list[0]
	}
	return &node{any: true, below: list}
}

// both is true where x and y are.
func (b *builder) both(x, y *node) *node {
	switch {
	case x == nil:
		return y
	case y == nil:
		return x
	}
	return &node{below: []*node{x, y}}
}

// texts is true for lines that hold one of these.
func (b *builder) texts(list []string) *node {
	var any []*node
	for _, s := range list {
		any = append(any, b.text(s))
	}
	return b.either(any)
}

// Sets of strings are no larger than this.
const maxStrings = 16

// known is what is known of the texts that an expression matches, in lower case: all of them, or
// how they may begin and end, and what the line must have besides.
type known struct {
	exact          []string // all; nil: unknown
	prefix, suffix []string // up to Size-1 bytes each; only without exact
	demand         *node
}

// anything is known of an expression of which nothing is known.
func anything() known { return known{prefix: []string{""}, suffix: []string{""}} }

// demand is what a line must have.
func (b *builder) demand(k known) *node {
	if k.exact != nil {
		return b.texts(k.exact)
	}
	return k.demand
}

func (b *builder) analyze(re *syntax.Regexp) known {
	switch re.Op {
	case syntax.OpNoMatch:
		return known{exact: []string{}}
	case syntax.OpLiteral:
		k := known{exact: []string{""}}
		for _, r := range re.Rune {
			k = b.concat(k, literal(r, re.Flags&syntax.FoldCase != 0))
		}
		return k
	case syntax.OpCharClass:
		return class(re.Rune)
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return known{exact: []string{""}}
	case syntax.OpCapture:
		return b.analyze(re.Sub[0])
	case syntax.OpConcat:
		k := known{exact: []string{""}}
		for _, sub := range re.Sub {
			k = b.concat(k, b.analyze(sub))
		}
		return k
	case syntax.OpAlternate:
		k := known{exact: []string{}}
		for _, sub := range re.Sub {
			k = b.alternate(k, b.analyze(sub))
		}
		return k
	case syntax.OpQuest:
		return b.alternate(b.analyze(re.Sub[0]), known{exact: []string{""}})
	case syntax.OpPlus:
		k := b.inexact(b.analyze(re.Sub[0]))
		return k
	}
	return anything() // OpStar, OpAnyChar, OpAnyCharNotNL; Simplify leaves no OpRepeat
}

// literal is known of a character. That which stands for invalid UTF-8 may match any byte.
func literal(r rune, fold bool) known {
	set := []string{}
	for at := r; ; {
		if at == utf8.RuneError {
			return anything()
		}
		set = append(set, lowerRune(at))
		if !fold {
			break
		}
		if at = unicode.SimpleFold(at); at == r {
			break
		}
	}
	return known{exact: unique(set)}
}

func lowerRune(r rune) string { return string(lower(utf8.AppendRune(nil, r))) }

// class is known of a class of characters, which is given by its ranges.
func class(ranges []rune) known {
	set := []string{}
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if set = append(set, lowerRune(r)); len(set) > 4*maxStrings || r == utf8.RuneError {
				return anything()
			}
		}
	}
	if set = unique(set); len(set) > maxStrings {
		return anything()
	}
	return known{exact: set}
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// inexact forgets what all texts are.
func (b *builder) inexact(k known) known {
	if k.exact == nil {
		return k
	}
	return known{prefix: ends(k.exact, prefixOf), suffix: ends(k.exact, suffixOf), demand: b.texts(k.exact)}
}

func (b *builder) alternate(x, y known) known {
	if x.exact != nil && y.exact != nil && len(x.exact)+len(y.exact) <= maxStrings {
		return known{exact: unique(slices.Concat(x.exact, y.exact))}
	}
	if x.exact != nil && len(x.exact) == 0 {
		return y
	}
	x, y = b.inexact(x), b.inexact(y)
	k := known{prefix: ends(slices.Concat(x.prefix, y.prefix), prefixOf), suffix: ends(slices.Concat(x.suffix, y.suffix), suffixOf)}
	k.demand = b.either([]*node{x.demand, y.demand})
	return k
}

func (b *builder) concat(x, y known) known {
	if x.exact != nil && y.exact != nil && len(x.exact)*len(y.exact) <= maxStrings {
		return known{exact: unique(cross(x.exact, y.exact))}
	}
	k := known{demand: b.both(b.demand(x), b.demand(y))}
	begin, end := x.exact, y.exact
	if begin == nil {
		begin = x.suffix
	}
	if end == nil {
		end = y.prefix
	}
	if k.prefix = x.prefix; x.exact != nil {
		k.prefix = ends(crossed(x.exact, end), prefixOf)
	}
	if k.suffix = y.suffix; y.exact != nil {
		k.suffix = ends(crossed(begin, y.exact), suffixOf)
	}
	if seam := crossed(begin, end); len(seam) <= maxStrings*maxStrings {
		k.demand = b.both(k.demand, b.texts(seam))
	}
	return k
}

// crossed is cross, of sets that may both be large.
func crossed(x, y []string) []string { return unique(cross(x, y)) }

// cross is each of x with each of y behind it.
func cross(x, y []string) []string {
	all := []string{}
	for _, s := range x {
		for _, t := range y {
			all = append(all, s+t)
		}
	}
	return all
}

func prefixOf(s string, n int) string { return s[:min(n, len(s))] }
func suffixOf(s string, n int) string { return s[len(s)-min(n, len(s)):] }

// ends cuts off what begins, or ends, these, as long as a gram that goes on needs it, shorter if
// there are too many.
func ends(list []string, cut func(string, int) string) []string {
	for n := Size - 1; ; n-- {
		set := make([]string, len(list))
		for i, s := range list {
			set[i] = strings.Clone(cut(s, n))
		}
		if set = unique(set); len(set) <= maxStrings {
			return set
		}
	}
}
