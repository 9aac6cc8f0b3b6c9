package explain

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// Style is how a Report is written to a terminal.
type Style struct {
	Top   int  // rows of each table
	Width int  // characters of a line
	Color bool // texts are colored by what their bytes cost
}

// Print writes a Report for people.
func (r *Report) Print(to io.Writer, s Style) error {
	w := bufio.NewWriter(to)
	p := printer{w, s}
	p.heading(r)
	for _, f := range r.Findings {
		p.wrap(f)
	}
	if len(r.Fields) > 0 {
		p.section("Fields", "share", "bits", "each", "what")
		for _, f := range r.Fields[:min(s.Top, len(r.Fields))] {
			p.row(f.Share, f.Bits, number(f.Each), ui.Printable(f.Name)+": "+f.Kind+": ", f.piece)
		}
	}
	if len(r.Templates) > 0 && r.Content == Log {
		p.section("Templates", "share", "bits", "each", "lines like this")
		for _, t := range r.Templates[:min(s.Top, len(r.Templates))] {
			p.row(t.Share, t.Bits, number(t.Each), fmt.Sprintf("%d × %s", t.Lines, ui.Printable(t.Text)), piece{})
			p.example(t.piece)
		}
	}
	if len(r.Costliest) > 0 {
		p.section("Lines", "share", "bits", "per byte", "line")
		for _, l := range r.Costliest[:min(s.Top, len(r.Costliest))] {
			p.row(l.Share, l.Bits, number(l.Bits/float64(l.Bytes)), fmt.Sprintf("%d: ", l.Number), l.piece)
		}
	}
	p.shares("Kinds of bytes", r.Tokens, r.ExplainedBytes)
	p.shares("Foreseen by", r.Winners, r.ExplainedBytes)
	if s.Color {
		p.legend()
		p.excerpt(r)
	}
	return w.Flush()
}

type printer struct {
	*bufio.Writer
	Style
}

func (p printer) heading(r *Report) {
	with := r.coding()
	if r.Model != "" {
		with += " with the model " + r.Model
	}
	fmt.Fprintf(p, "%s: %s, %d lines: %s -> %s (%s), %.3f bits per byte, %s\n", ui.Printable(r.File), r.Content, r.Lines,
		ui.FormatBytes(r.RawBytes), ui.FormatBytes(r.CompressedBytes), ui.FormatRatio(r.RawBytes, r.CompressedBytes), r.BitsPerByte, ui.Printable(with))
	if r.Sampled {
		fmt.Fprintf(p, "a sample: %s of %s were looked at\n", ui.FormatBytes(r.ExplainedBytes), ui.FormatBytes(max(r.SourceBytes, r.RawBytes)))
	}
	fmt.Fprintln(p)
}

// wrap writes an item of a list.
func (p printer) wrap(text string) {
	n := 0
	p.WriteString("*")
	for _, word := range strings.Fields(ui.Printable(text)) {
		if length := utf8.RuneCountInString(word); n > 0 && n+1+length > p.Width-2 {
			p.WriteString("\n ")
			n = length
		} else {
			n += 1 + length
		}
		p.WriteString(" " + word)
	}
	p.WriteString("\n")
}

func (p printer) section(title string, heads ...string) {
	fmt.Fprintf(p, "\n%s\n", title)
	for i, head := range heads {
		if i == len(heads)-1 {
			fmt.Fprintf(p, "  %s\n", head)
		} else {
			fmt.Fprintf(p, "%*s", column, head)
		}
	}
}

// column is the width of a number, and indent what stands in front of texts.
const (
	column = 9
	indent = 3*column + 2
)

// row writes numbers and texts, of which the second one is colored.
func (p printer) row(part, bits float64, each, front string, text piece) {
	front = ui.Shorten(front, p.Width-indent)
	room := max(0, p.Width-indent-utf8.RuneCountInString(front))
	fmt.Fprintf(p, "%*s%*s%*s  %s%s\n", column, short(part), column, ui.FormatCount(uint64(bits)), column, each, front, text.colored(room, p.Color))
}

// example writes a text below a row.
func (p printer) example(text piece) {
	if len(text.text) > 0 {
		fmt.Fprintf(p, "%*s%s\n", indent, "", text.colored(p.Width-indent, p.Color))
	}
}

func (p printer) shares(title string, all []Share, bytes int64) {
	if len(all) == 0 {
		return
	}
	p.section(title, "share", "bits", "of bytes", "")
	for _, s := range all {
		p.row(s.Share, s.Bits, short(share(float64(s.Bytes), float64(bytes))), s.Name, piece{})
	}
}

// short is percent for a table.
func short(share float64) string { return strings.ReplaceAll(percent(share), "under ", "<") }

func (p printer) legend() {
	p.WriteString("\nBits: ")
	for i := range heat {
		if i > 0 {
			p.WriteString(escape(i))
		}
		fmt.Fprintf(p, " to %g ", heat[i])
	}
	fmt.Fprintf(p, "%s more \x1b[m\n", escape(len(heat)))
}

// excerpt writes lines from the middle of the text.
func (p printer) excerpt(r *Report) {
	if len(r.excerpts) == 0 {
		return
	}
	rest := r.excerpts[len(r.excerpts)/2].piece
	for range p.Top {
		if len(rest.text) == 0 {
			return
		}
		p.WriteString(rest.colored(p.Width, true) + "\n")
		n := 1 + strings.IndexByte(string(rest.text), '\n')
		if n == 0 {
			return
		}
		rest = piece{rest.text[n:], rest.costs[n:]}
	}
}

func number(bits float64) string {
	if bits >= 100 {
		return fmt.Sprintf("%.0f", bits)
	}
	return fmt.Sprintf("%.1f", bits)
}
