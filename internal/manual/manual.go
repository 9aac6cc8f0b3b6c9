// Package manual writes pages for man(1). What a page says is what the help of a command says.
package manual

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Page is the page of a command, in section 1.
type Page struct {
	Name, Short string // lmz-grep, and what it does in a line
	Use         string // how it is called
	Long        string // paragraphs; lines that are indented stay as they are
	Flags       []Flag
	Example     string   // lines of a shell
	See         []string // names of other pages
	Program     string   // the program and its version
	Date        time.Time
}

// Flag is a flag: a letter or "", a name, the name of its value or "", and what it does.
type Flag struct{ Short, Name, Value, Usage string }

// WithDefault says in a usage what a flag is by default, unless that is nothing.
func WithDefault(usage, value string) string {
	switch value {
	case "", "0", "0s", "false", "[]":
		return usage
	}
	if strings.Contains(usage, "(default") {
		return usage
	}
	return usage + " (default " + strings.Trim(value, "[]") + ")"
}

// Name is the name of the page of a command, called as path says.
func Name(path string) string { return strings.ReplaceAll(path, " ", "-") }

// Format gives the page in man(7).
func (p *Page) Format() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH %s 1 %s \"%s\"\n", Escape(strings.ToUpper(p.Name)), p.Date.Format("2006-01-02"), Escape(p.Program))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", Escape(p.Name), Escape(p.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", Escape(p.Use))
	text := p.Long
	if text == "" {
		text = p.Short + "."
	}
	b.WriteString(".SH DESCRIPTION\n")
	paragraphs(&b, text)
	b.WriteString(".SH OPTIONS\n")
	for _, f := range p.Flags {
		b.WriteString(".TP\n")
		if f.Short != "" {
			fmt.Fprintf(&b, "\\fB\\-%s\\fR, ", Escape(f.Short))
		}
		fmt.Fprintf(&b, "\\fB\\-\\-%s\\fR", Escape(f.Name))
		if f.Value != "" {
			fmt.Fprintf(&b, " \\fI%s\\fR", Escape(f.Value))
		}
		fmt.Fprintf(&b, "\n%s\n", Escape(f.Usage))
	}
	if p.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", Escape(p.Example))
	}
	if len(p.See) > 0 {
		b.WriteString(".SH SEE ALSO\n")
	}
	for i, other := range p.See {
		end := ","
		if i == len(p.See)-1 {
			end = ""
		}
		fmt.Fprintf(&b, ".BR %s (1)%s\n", Escape(other), end)
	}
	return b.Bytes()
}

func paragraphs(b *bytes.Buffer, text string) {
	fixed := false
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if indented := strings.HasPrefix(line, " "); indented != fixed && line != "" {
			if fixed = indented; fixed {
				b.WriteString(".nf\n")
			} else {
				b.WriteString(".fi\n")
			}
		}
		if line == "" && !fixed {
			line = ".PP"
		} else {
			line = Escape(line)
		}
		b.WriteString(line + "\n")
	}
	if fixed {
		b.WriteString(".fi\n")
	}
}

// Escape escapes a text: no character of it is a command.
func Escape(text string) string {
	text = strings.NewReplacer("\\", "\\e", "-", "\\-", "'", "\\(aq", "`", "\\`", "~", "\\(ti", "^", "\\(ha").Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = "\\&" + line
		}
	}
	return strings.Join(lines, "\n")
}
