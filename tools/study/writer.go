//go:build unix

package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// page is the whole report.
type page struct {
	Head     []string // what was measured with
	Sections []section
}

type writer func(io.Writer, *page) error

var csvHead = []string{"table", "part", "name", "measure", "published", "ours", "unit", "command", "note"}

// writeCSV writes one line for each figure.
func writeCSV(w io.Writer, p *page) error {
	c := csv.NewWriter(w)
	c.Write(csvHead) // errors stay until Flush
	for _, s := range p.Sections {
		for _, r := range s.Rows {
			c.Write([]string{s.Name(), r.Part, r.Name, r.Measure, r.Published, strconv.FormatFloat(r.Ours, 'g', -1, 64), r.Unit, r.Command, r.Note})
		}
	}
	c.Flush()
	return c.Error()
}

// writeMarkdown writes what others have published in brackets behind our figure.
func writeMarkdown(w io.Writer, p *page) error {
	var b strings.Builder
	b.WriteString("# The study\n\n")
	for _, l := range p.Head {
		fmt.Fprintf(&b, "* %s\n", l)
	}
	b.WriteString("\nIn brackets: what others have published.\n")
	for _, s := range p.Sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.Title(), s.About())
		for _, g := range pivot(s.Rows) {
			if g.Part != "" {
				fmt.Fprintf(&b, "\n### %s\n", g.Part)
			}
			head := append([]string{""}, g.Measures...)
			if g.Notes() {
				head = append(head, "note")
			}
			head = append(head, "command")
			fmt.Fprintf(&b, "\n%s\n|---%s|---|\n", markdownLine(head), strings.Repeat("|--:", len(head)-2))
			for _, l := range g.Lines {
				cells := []string{l.Name}
				for _, c := range l.Cells {
					cells = append(cells, strings.TrimSpace(c.Ours+bracketed(c.Published)))
				}
				if g.Notes() {
					cells = append(cells, l.Note)
				}
				b.WriteString(markdownLine(append(cells, "`"+l.Command+"`")) + "\n")
			}
		}
		for _, sample := range s.Samples {
			fmt.Fprintf(&b, "\n**%s**\n\n", sample.Title)
			for line := range strings.Lines(sample.Text) {
				b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
			}
		}
		for _, why := range s.Skipped {
			fmt.Fprintf(&b, "\nNot measured: %s\n", why)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func bracketed(s string) string {
	if s == "" {
		return ""
	}
	return " [" + s + "]"
}

// markdownLine escapes what ends a cell.
func markdownLine(cells []string) string {
	for i, c := range cells {
		cells[i] = strings.NewReplacer("|", `\|`, "\n", " ").Replace(c)
	}
	return "| " + strings.Join(cells, " | ") + " |"
}
