package view

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lmz-go/lmz/search"
)

// parts is a text as it is shown, cut where matches of the pattern begin and end: every second part
// is one.
func (v *View) parts(text []byte) []string { return partsOf(v.pattern, text) }

func partsOf(p *search.Pattern, text []byte) []string {
	var parts []string
	at := 0
	if p != nil {
		for from, to := range p.All(text) {
			parts = append(parts, visible(text[at:from]), visible(text[from:to]))
			at = to
		}
	}
	return append(parts, visible(text[at:]))
}

// visible is a text in which what would not be seen, or would change how the rest is seen, is seen:
// control characters as their pictures, and those of the direction of writing by their number.
func visible(text []byte) string {
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\t':
			b.WriteByte('\t')
		case r < ' ':
			b.WriteRune('\u2400' + r)
		case r == 0x7f:
			b.WriteRune('\u2421')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != 0x200d || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&b, "‹%U›", r)
		default:
			b.WriteRune(r) // a byte that is no part of a character becomes U+FFFD
		}
		text = text[n:]
	}
	return b.String()
}

// excerpt is a line with at most about so many bytes, from somewhat in front of the first match on.
func excerpt(p *search.Pattern, line []byte, most int) []byte {
	if len(line) <= most {
		return line
	}
	from := 0
	for at := range p.All(line) {
		from = max(0, min(at-most/4, len(line)-most))
		break
	}
	to := from + most
	for from > 0 && !utf8.RuneStart(line[from]) {
		from--
	}
	return wholeRunes(line[from:to])
}
