package bwt

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
)

func usedBy(text []byte) (used [256]bool) {
	for _, c := range text {
		used[c] = true
	}
	return used
}

// retell makes tokens of text and text of them; nil if it has none.
func retell(t *testing.T, text []byte) ([]byte, lines) {
	t.Helper()
	used := usedBy(text)
	tokens, l, err := tokenize(t.Context(), text, &used)
	if err != nil {
		t.Fatal(err)
	}
	if tokens == nil {
		return nil, l
	}
	head := []byte("what is in front \n")
	d := &detokenizer{alphabet: newAlphabet(&used), lines: l, size: len(text), wrap: newWrap(), out: head, begin: len(head), start: len(head)}
	if err := d.text(t.Context(), tokens); err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	if !bytes.Equal(d.out[len(head):], text) || !bytes.HasPrefix(d.out, head) {
		t.Fatalf("%q, want %q", d.out[len(head):], text)
	}
	return tokens, l
}

func TestTokens(t *testing.T) {
	for name, text := range texts() {
		t.Run(name, func(t *testing.T) { retell(t, text) })
	}
	// Words in each form and place, often enough to have codes.
	for _, s := range []string{
		"the The THE tHE ThE the-the (the) the.\n", "I am, i AM; I'm a A surely Surely SURELY\n", " the  the\tthe\n the \nthe\r the\r\n",
		"naïve the naïve The “the” thé\n", "the\x00the\x01The\xff", strings.Repeat("long", 9) + " the " + strings.Repeat("x", 32) + "\n",
	} {
		text := []byte(strings.Repeat(s, 12))
		if tokens, _ := retell(t, text); tokens == nil {
			t.Errorf("no tokens for %q", s)
		}
	}
}

// wrapAt breaks words into lines of at most width bytes.
func wrapAt(words []string, width int, ending string) []byte {
	var b bytes.Buffer
	column := 0
	for _, w := range words {
		switch {
		case column == 0:
		case column+1+len(w) > width:
			b.WriteString(ending)
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(w)
		column += len(w)
	}
	return b.Bytes()
}

// Breaks of wrapped lines are foreseen, whatever the width and the ends of lines are; and those of
// lines that end anywhere are left alone.
func TestWrap(t *testing.T) {
	words := strings.Fields(string(golden.Text("prose", 8, 30_000)))
	for _, ending := range []string{"\n", "\r\n", " \n", " \r\n"} {
		for _, width := range []int{40, 72, 79, 200} {
			text := wrapAt(words, width, ending)
			tokens, l := retell(t, text)
			if !l.wrapped || l.ending() != ending {
				t.Errorf("width %d, %q: %+v", width, ending, l)
			}
			if left, all := bytes.Count(tokens, []byte("\n")), bytes.Count(text, []byte("\n")); 10*left > all {
				t.Errorf("width %d, %q: %d of %d breaks are not foreseen", width, ending, left, all)
			}
		}
	}
	two := append(wrapAt(words, 60, "\n"), wrapAt(words, 75, "\n")...)
	if tokens, _ := retell(t, two); bytes.Count(tokens, []byte("\n")) > 60 {
		t.Errorf("%d breaks are not foreseen where the width changes", bytes.Count(tokens, []byte("\n")))
	}
	var verse bytes.Buffer
	for i, w := range words {
		verse.WriteString(w)
		verse.WriteString([]string{" ", "\n"}[(i*i/7)%5/4])
	}
	if _, l := retell(t, verse.Bytes()); l.wrapped {
		t.Error("breaks of verse are foreseen")
	}
}

func FuzzTokens(f *testing.F) {
	for _, text := range texts() {
		f.Add(text[:min(len(text), 500)], uint8(1))
	}
	f.Add([]byte("\n\rthe 00\n the"), uint8(5))
	f.Add(wrapAt(strings.Fields("The one and THE other word, and on and on it goes, word by word"), 20, " \r\n"), uint8(7))
	f.Fuzz(func(t *testing.T, text []byte, times uint8) {
		retell(t, bytes.Repeat(text[:min(len(text), 5000)], 1+int(times%8)))
	})
}

// Tokens that nobody made are refused, or give text of the size that was asked for.
func FuzzDetokenizer(f *testing.F) {
	text := golden.Text("prose", 9, 3000)
	used := usedBy(text)
	tokens, _, err := tokenize(f.Context(), text, &used)
	if err != nil {
		f.Fatal(err)
	}
	for flags := range byte(8) {
		f.Add(tokens, flags, uint16(len(text)))
	}
	f.Fuzz(func(t *testing.T, tokens []byte, flags byte, size uint16) {
		d := &detokenizer{alphabet: newAlphabet(&used), size: int(size), wrap: newWrap()}
		d.carriage, d.wrapped, d.spaced = flags&1 > 0, flags&2 > 0, flags&4 > 0
		err := d.text(t.Context(), tokens)
		if err != nil && !errors.Is(err, ErrCorrupt) || err == nil && len(d.out) != int(size) {
			t.Errorf("%d bytes of %d: %v", len(d.out), size, err)
		}
		if len(d.out) > int(size)+maxWord+len(tokens)+2 {
			t.Errorf("%d bytes are made, of %d", len(d.out), size)
		}
	})
}

// Tokens that make no sense are refused.
func TestTokensRefused(t *testing.T) {
	used := usedBy([]byte("abc ABC\n"))
	a := newAlphabet(&used)
	mark := func(m meaning) string { return string(a.marks[m : m+1]) }
	short, lead, trail := string(a.short[:1]), string(a.lead[:1]), string(a.trail[:1])
	define, defineLong := mark(defShort)+"ab", mark(defLong)+"abc"
	for name, tokens := range map[string]string{
		"code of nothing":              short,
		"code of nothing, two bytes":   lead + trail,
		"code of another kind":         define + " " + lead + trail,
		"half a code":                  defineLong + " " + lead,
		"half a code and a letter":     defineLong + " " + lead + "a",
		"second byte alone":            defineLong + " " + trail,
		"mark at the end":              "a" + mark(capital),
		"mark twice":                   mark(upper) + mark(upper) + "ab",
		"mark of no word":              mark(capital) + ".",
		"mark of two spaces":           mark(capital) + "  a",
		"space that is none":           mark(space) + "a",
		"joined without a code":        mark(joined) + "a",
		"defined as a code":            define + mark(defShort) + short,
		"defined twice":                mark(defShort) + mark(defLong) + "ab",
		"joined and a space":           define + mark(joined) + mark(space) + short,
		"defined, of too many":         strings.Repeat(define+".", len(a.short)+1),
		"defined, of too many letters": mark(defShort) + strings.Repeat("a", maxWord+1),
		"too long":                     strings.Repeat("a", 10_001),
		"too short":                    strings.Repeat("a", 9999),
	} {
		d := &detokenizer{alphabet: a, size: 10_000, wrap: newWrap()}
		if err := d.text(t.Context(), []byte(tokens)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "too short" {
			continue
		}
		// It is not the size that was found wrong.
		d = &detokenizer{alphabet: a, size: len(d.out), wrap: newWrap()}
		if err := d.text(t.Context(), []byte(tokens)); name != "too long" && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
