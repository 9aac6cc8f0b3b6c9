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
		p.section("Fields", "share", "bits each", "what")
		for _, f := range r.Fields[:min(s.Top, len(r.Fields))] {
			p.line(percent(f.Share), number(f.Each), ui.Printable(f.Name)+": "+f.Kind+": ", f.piece)
		}
	}
	if len(r.Templates) > 0 {
		p.section("Templates", "share", "bits each", "lines like this")
		for _, t := range r.Templates[:min(s.Top, len(r.Templates))] {
			p.row(percent(t.Share), number(t.Each), fmt.Sprintf("%d × %s", t.Lines, ui.Printable(t.Text)))
			if s.Color {
				p.example(t.piece)
			}
		}
	}
	if len(r.Costliest) > 0 {
		p.section("Lines", "share", "bits", "line")
		for _, l := range r.Costliest[:min(s.Top, len(r.Costliest))] {
			p.line(percent(l.Share), number(l.Bits), fmt.Sprintf("%d: ", l.Number), l.piece)
		}
	}
	p.shares("Kinds of bytes", "costs", r.Tokens, r.ExplainedBytes)
	p.shares("Foreseen by", "costs", r.Winners, r.ExplainedBytes)
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
	with := r.Method
	if r.Level > 0 {
		with = fmt.Sprintf("-%d", r.Level)
	}
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

func (p printer) section(title, first, second, rest string) {
	fmt.Fprintf(p, "\n%s\n%8s %10s  %s\n", title, first, second, rest)
}

func (p printer) row(first, second, text string) {
	fmt.Fprintf(p, "%8s %10s  %s\n", strings.ReplaceAll(first, "under ", "<"), second, ui.Shorten(text, p.Width-21))
}

func (p printer) line(first, second, front string, text piece) {
	front = ui.Shorten(front, p.Width-21)
	room := max(0, p.Width-21-utf8.RuneCountInString(front))
	fmt.Fprintf(p, "%8s %10s  %s%s\n", strings.ReplaceAll(first, "under ", "<"), second, front, text.colored(room, p.Color))
}

// example writes a text below a row.
func (p printer) example(text piece) {
	if len(text.text) > 0 {
		fmt.Fprintf(p, "%21s%s\n", "", text.colored(p.Width-21, p.Color))
	}
}

func (p printer) shares(title, first string, all []Share, bytes int64) {
	if len(all) == 0 {
		return
	}
	p.section(title, first, "of bytes", "")
	for _, s := range all {
		p.row(percent(s.Share), strings.ReplaceAll(percent(share(float64(s.Bytes), float64(bytes))), "under ", "<"), s.Name)
	}
}

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
