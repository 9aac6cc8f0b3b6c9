package explain

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A byte is colored by the first of these that it costs no more bits than: from foreseen to
// unforeseen.
var heat = [...]float64{0.05, 0.25, 0.5, 1, 2, 3, 4, 6, 8}

// levelOf gives the color of a byte, 0 for none.
func levelOf(bits float64) int {
	for i, most := range heat {
		if bits <= most {
			return i
		}
	}
	return len(heat)
}

// Colors of terminals with 256 of them: background, foreground.
var ansi = [len(heat) + 1][2]int{{0, 0}, {230, 16}, {229, 16}, {228, 16}, {222, 16}, {216, 16}, {209, 16}, {203, 16}, {196, 231}, {124, 231}}

// glyph is what is shown of some bytes: a character, or an escape for what is none.
type glyph struct {
	text  string
	bytes int
	bits  float64
	first int // of its bytes, in the piece
}

// glyphs takes a piece apart. A character that has several bytes costs what they do.
func (p piece) glyphs(yield func(glyph) bool) {
	for i := 0; i < len(p.text); {
		r, n := utf8.DecodeRune(p.text[i:])
		g := glyph{bytes: n, first: i}
		switch {
		case r == '\n':
			g.text = "⏎\n"
		case r == '\t':
			g.text = "⇥\t"
		case r == utf8.RuneError && n == 1 || !strconv.IsPrint(r):
			quoted := strconv.Quote(string(p.text[i : i+n]))
			g.text = quoted[1 : len(quoted)-1]
		default:
			g.text = string(r)
		}
		for _, c := range p.costs[i : i+n] {
			g.bits += float64(c.Bits)
		}
		if !yield(g) {
			return
		}
		i += n
	}
}

// colored is a piece of one line for a terminal, of width characters at most.
func (p piece) colored(width int, color bool) string {
	var b strings.Builder
	level, n := 0, 0
	for g := range p.glyphs {
		if g.text == "⏎\n" {
			break
		}
		text := strings.ReplaceAll(g.text, "⇥\t", "⇥")
		if n += utf8.RuneCountInString(text); n > width {
			if level > 0 {
				b.WriteString("\x1b[m")
			}
			b.WriteString("…")
			return b.String()
		}
		if now := levelOf(g.bits); color && now != level {
			if level = now; level == 0 {
				b.WriteString("\x1b[m")
			} else {
				b.WriteString(escape(level))
			}
		}
		b.WriteString(text)
	}
	if level > 0 {
		b.WriteString("\x1b[m")
	}
	return b.String()
}

func escape(level int) string {
	return "\x1b[48;5;" + strconv.Itoa(ansi[level][0]) + ";38;5;" + strconv.Itoa(ansi[level][1]) + "m"
}
