package main

import (
	"bufio"
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/search"
	"github.com/lmz-go/lmz/stream"
)

// lineStyle is how lines are written.
type lineStyle struct {
	number, offset bool
	matches        bool // only what matches
	color          colorWhen
	atOnce         bool
	nul            bool   // names end in a zero byte
	group          string // what stands between lines that are not neighboring, on a line of its own
	noGroup        bool   // nothing does
}

// grepOutput writes what grep finds, byte for byte as GNU grep does.
type grepOutput struct {
	lineStyle
	w        *bufio.Writer
	pattern  *search.Pattern
	invert   bool
	groups   bool // lines are written with what is next to them
	terminal bool
	colored  bool

	name string
	used bool  // a line was written
	last int64 // the last line of this file that was written, or would have been; 0: none
	head []byte
}

// Colors are those that GREP_COLORS has by default.
const (
	colorMatch     = "01;31"
	colorName      = "35"
	colorNumber    = "32"
	colorSeparator = "36"
)

// begin looks at what standard output is.
func (o *grepOutput) begin() {
	o.terminal = term.IsTerminal(1)
	o.atOnce = o.atOnce || o.terminal
	kind := os.Getenv("TERM")
	o.colored = o.color == "always" || o.color == "auto" && o.terminal && kind != "" && kind != "dumb"
}

// file begins the output of a file. Its name stands in front of each line if named says so.
func (o *grepOutput) file(name string, named bool) {
	if o.terminal {
		name = ui.Printable(name)
	}
	o.name, o.last = name, 0
	o.head = o.head[:0]
	if named {
		o.head = o.append(o.head, colorName, name)
	}
}

// append appends a text in a color.
func (o *grepOutput) append(b []byte, color, text string) []byte {
	if !o.colored {
		return append(b, text...)
	}
	return append(append(append(append(append(b, "\x1b["...), color...), "m\x1b[K"...), text...), "\x1b[m\x1b[K"...)
}

// nameOnly writes the name of the file.
func (o *grepOutput) nameOnly() {
	end := byte('\n')
	if o.nul {
		end = 0
	}
	o.w.Write(append(o.append(nil, colorName, o.name), end))
}

// count writes how many lines were found.
func (o *grepOutput) count(n int64) {
	o.w.Write(o.named(":"))
	o.w.Write(append(strconv.AppendInt(nil, n, 10), '\n'))
}

// line writes a line, or what matches in it. It is for stream.Search.
func (o *grepOutput) line(l stream.Line) error {
	if o.groups && !o.noGroup && o.used && (o.last == 0 || l.Number != o.last+1) {
		o.w.Write(append(o.append(nil, colorSeparator, o.group), '\n'))
	}
	o.used, o.last = true, l.Number
	separator := ":"
	if l.Context {
		separator = "-"
	}
	mayMatch := l.Context == o.invert
	switch {
	case o.matches && mayMatch:
		for start, end := range o.pattern.All(l.Text) {
			o.prefix(l.Number, l.Offset+int64(start), separator)
			o.match(l.Text[start:end])
			o.w.WriteByte('\n')
		}
	case o.matches:
	default:
		o.prefix(l.Number, l.Offset, separator)
		rest := 0
		if o.colored && mayMatch {
			for start, end := range o.pattern.All(l.Text) {
				o.w.Write(l.Text[rest:start])
				o.match(l.Text[start:end])
				rest = end
			}
		}
		o.w.Write(l.Text[rest:])
		o.w.WriteByte('\n')
	}
	if o.atOnce {
		return o.w.Flush()
	}
	_, err := o.w.Write(nil) // what failed before
	return err
}

// named is the name that stands in front of a line, and its end.
func (o *grepOutput) named(separator string) []byte {
	switch {
	case len(o.head) == 0:
		return o.head
	case o.nul:
		return append(o.head, 0)
	}
	return o.append(o.head, colorSeparator, separator)
}

// prefix writes what stands in front of a line or match.
func (o *grepOutput) prefix(number, offset int64, separator string) {
	b := o.named(separator)
	if o.number {
		b = o.append(o.append(b, colorNumber, strconv.FormatInt(number, 10)), colorSeparator, separator)
	}
	if o.offset {
		b = o.append(o.append(b, colorNumber, strconv.FormatInt(offset, 10)), colorSeparator, separator)
	}
	o.w.Write(b)
}

func (o *grepOutput) match(text []byte) {
	if o.colored {
		o.w.WriteString("\x1b[" + colorMatch + "m\x1b[K")
	}
	o.w.Write(text)
	if o.colored {
		o.w.WriteString("\x1b[m\x1b[K")
	}
}
