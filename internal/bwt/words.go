package bwt

import (
	"bytes"
	"cmp"
	"context"
	"slices"
)

// A text becomes a stream of tokens before it is sorted: frequent words get codes, in front of
// which a space goes without saying; large letters become marks; and breaks of wrapped lines become
// spaces where they are foreseen. There are about half as many tokens as bytes. A word is spelt
// where it comes first, and marked there if it has a code from then on.

const (
	maxWord  = 32      // letters of a word that may have a code
	maxWords = 1 << 16 // different ones that are counted
	leastUse = 4       // how often a word must come to get a code
)

// lines is how lines end.
type lines struct {
	carriage bool // with "\r\n", all of them; else a carriage return is a byte as any other
	wrapped  bool // breaks are foreseen
	spaced   bool // a break has a space in front of it
}

// word is one with a code.
type word struct {
	count int
	long  bool
	code  int // once it is defined; -1 before
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// wordEnd is where the letters from i on end.
func wordEnd(text []byte, i int) int {
	for i < len(text) && isLetter(text[i]) {
		i++
	}
	return i
}

// fold is a word in small letters, and the mark for those that were large; literal if the word is
// to be left as it is.
func fold(dst *[maxWord]byte, w []byte) (small []byte, form meaning) {
	if len(w) > maxWord {
		return w, literal
	}
	large := 0
	for i, c := range w {
		if c < 'a' {
			large++
		}
		dst[i] = c | 0x20
	}
	switch {
	case large == 0:
		return dst[:len(w)], marks
	case large == 1 && w[0] < 'a':
		return dst[:len(w)], capital
	case large == len(w):
		return dst[:len(w)], upper
	}
	return w, literal
}

// choose gives the words of text that get codes of a, undefined.
func (a *alphabet) choose(ctx context.Context, text []byte) (map[string]*word, error) {
	all := make(map[string]*word)
	var buf [maxWord]byte
	for i, poll := 0, 0; i < len(text); i++ {
		if i >= poll {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			poll = i + pollEvery
		}
		if !isLetter(text[i]) {
			continue
		}
		end := wordEnd(text, i)
		small, form := fold(&buf, text[i:end])
		i = end
		if form == literal || len(small) < 2 {
			continue
		}
		if w := all[string(small)]; w != nil {
			w.count++
		} else if len(all) < maxWords {
			all[string(small)] = &word{count: 1, code: -1}
		}
	}
	var frequent []string
	for name, w := range all {
		if w.count >= leastUse {
			frequent = append(frequent, name)
		} else {
			delete(all, name)
		}
	}
	slices.SortFunc(frequent, func(x, y string) int {
		return cmp.Or(cmp.Compare(all[y].count, all[x].count), cmp.Compare(x, y))
	})
	codes := len(a.short) + a.longCodes()
	for i, name := range frequent {
		if i >= codes || i >= len(a.short) && len(name) < 3 {
			delete(all, name)
			continue
		}
		all[name].long = i >= len(a.short)
	}
	return all, nil
}

// gap is what is between two words that are written with a space or a break between them. Others
// are not foreseen.
type gap uint8

const (
	other gap = iota
	spaceGap
	breakGap
)

// tokenizer makes tokens of a text.
type tokenizer struct {
	*alphabet
	lines
	text         []byte
	words        map[string]*word
	short, long  int // codes that are defined
	wrap         *wrap
	start        int // of the line
	hits, misses int // breaks that were foreseen, and wrongly foreseen ones
	out          []byte
}

// lineEnd is the length of the line end at i, 0 if there is none.
func (l *lines) lineEnd(text []byte, i int) int {
	switch {
	case !l.carriage && i < len(text) && text[i] == '\n':
		return 1
	case l.carriage && i+1 < len(text) && text[i] == '\r':
		return 2
	}
	return 0
}

// ending is what a break is.
func (l *lines) ending() string {
	switch {
	case l.spaced && l.carriage:
		return " \r\n"
	case l.spaced:
		return " \n"
	case l.carriage:
		return "\r\n"
	}
	return "\n"
}

// blank says whether a byte ends a word for the wrap.
func (l *lines) blank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' && l.carriage }

// gapAt tells what is at i, and its length.
func (t *tokenizer) gapAt(i int) (gap, int) {
	if i == 0 || t.blank(t.text[i-1]) {
		return other, 0
	}
	n, kind := 0, spaceGap
	if t.text[i] == ' ' {
		n = 1
	}
	if n == 1 || !t.spaced {
		if end := t.lineEnd(t.text, i+n); end > 0 && (n == 1) == t.spaced {
			n, kind = n+end, breakGap
		}
	}
	if n == 0 || i+n == len(t.text) || t.blank(t.text[i+n]) {
		return other, 0
	}
	return kind, n
}

// tokens makes the stream of text; it stops where that is as long as the text.
func (t *tokenizer) tokens(ctx context.Context) error {
	for i, poll := 0, 0; i < len(t.text) && len(t.out) < len(t.text); {
		if i >= poll {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			poll = i + pollEvery
		}
		kind, n := other, 0
		if t.wrapped {
			kind, n = t.gapAt(i)
		}
		spaced := kind != other
		switch {
		case spaced:
			spaced = t.gap(i, n, kind)
			i += n
		case t.text[i] == ' ' && i+1 < len(t.text) && isLetter(t.text[i+1]):
			spaced = true
			i++
		}
		c := t.text[i]
		if spaced && !isLetter(c) {
			t.out = append(t.out, ' ')
		}
		if isLetter(c) {
			end := wordEnd(t.text, i)
			t.word(t.text[i:end], spaced)
			i = end
			continue
		}
		if n := t.lineEnd(t.text, i); n > 0 {
			t.out = append(t.out, '\n')
			i += n
			t.start = i
			continue
		}
		t.out = append(t.out, c)
		i++
	}
	return nil
}

// gap makes tokens of what is between two words, of n bytes at i. It reports whether a space is to
// follow, and writes it else.
func (t *tokenizer) gap(i, n int, kind gap) (spaced bool) {
	end := i + n
	for end < len(t.text) && !t.blank(t.text[end]) {
		end++
	}
	column := i - t.start
	width := column + 1 + end - (i + n)
	foreseen := t.wrap.breaks(width)
	t.wrap.learn(column, width, kind == breakGap)
	if kind == breakGap {
		t.start = i + n
	}
	switch {
	case foreseen != (kind == breakGap):
		t.misses++
	case foreseen:
		t.hits++
	}
	switch {
	case kind == breakGap && !foreseen && t.spaced:
		t.out = append(t.out, ' ', '\n')
		return false
	case kind == breakGap && !foreseen:
		t.out = append(t.out, '\n')
		return false
	case foreseen && kind == spaceGap:
		t.out = append(t.out, t.marks[space])
	}
	return true
}

// word makes tokens of a word, with a space in front of it or without.
func (t *tokenizer) word(w []byte, spaced bool) {
	var buf [maxWord]byte
	small, form := fold(&buf, w)
	if form < marks {
		t.out = append(t.out, t.marks[form])
	}
	known := t.words[string(small)]
	if form == literal {
		known = nil
	}
	switch {
	case known != nil && known.code >= 0:
		if !spaced {
			t.out = append(t.out, t.marks[joined])
		}
		t.out = t.code(t.out, known.code, known.long)
		return
	case known != nil && known.long:
		t.out = append(t.out, t.marks[defLong])
		known.code = t.long
		t.long++
	case known != nil:
		t.out = append(t.out, t.marks[defShort])
		known.code = t.short
		t.short++
	}
	if spaced {
		t.out = append(t.out, ' ')
	}
	t.out = append(t.out, small...)
}

// tokenize gives the tokens of text, and how its lines end: none if there would be as many as there
// are bytes.
func tokenize(ctx context.Context, text []byte, used *[256]bool) ([]byte, lines, error) {
	a := newAlphabet(used)
	if a == nil {
		return nil, lines{}, nil
	}
	var l lines
	ends := bytes.Count(text, []byte{'\n'})
	l.carriage = ends > 0 && ends == bytes.Count(text, []byte("\r\n")) && ends == bytes.Count(text, []byte{'\r'})
	l.spaced = true
	l.spaced = 2*bytes.Count(text, []byte(l.ending())) > ends
	l.wrapped = true
	words, err := a.choose(ctx, text)
	if err != nil {
		return nil, lines{}, err
	}
	for {
		t := &tokenizer{alphabet: a, lines: l, text: text, words: words, wrap: newWrap(), out: make([]byte, 0, len(text)*5/8)}
		if err := t.tokens(ctx); err != nil {
			return nil, lines{}, err
		}
		if l.wrapped && t.hits < 2*t.misses {
			l.wrapped = false
			for _, w := range words {
				w.code = -1
			}
			continue
		}
		if len(t.out) >= len(text) {
			return nil, lines{}, nil
		}
		return t.out, l, nil
	}
}
