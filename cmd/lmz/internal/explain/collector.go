// Package explain says where the bits of an archive go: which templates of lines, which of their
// fields, which lines, and what foresaw the rest. It is told of each byte what it costs, keeps a
// bounded amount of it, and makes a Report for people and programs.
package explain

import (
	"bytes"
	"container/heap"
	"unicode/utf8"

	"github.com/lmz-go/lmz/internal/cost"
	"github.com/lmz-go/lmz/internal/mix"
)

const (
	openingSize = 64 << 10 // bytes that say what kind of content there is
	longestLine = 16 << 10 // bytes; what is longer counts as several lines
	topLines    = 100
)

// Content is what kind of text there is.
type Content string

const (
	Log    Content = "log"    // lines of text or JSON, whose templates and fields are told apart
	Table  Content = "table"  // lines of as many fields, with a separator
	Prose  Content = "prose"  // sentences: only kinds of bytes are told apart
	Binary Content = "binary" // no text
)

// Collector is told what bytes are and cost, in order, and keeps what a Report needs. Its memory is
// bounded, whatever comes.
type Collector struct {
	content Content // "" before the opening has come
	parser  parser
	sorter  *sorter
	opening piece
	line    piece // that has not ended
	parts   []part
	offset  int64 // of the line
	lines   int64
	top     costly

	bytes    int64
	bits     float64
	saved    float64
	tokens   tokens
	winners  [cost.Winners]Share
	under    [len(thresholds)]int64
	curve    curve
	excerpts excerpts
}

// thresholds are bits: how many bytes cost less tells how redundant a text is.
var thresholds = [...]float64{0.01, 0.1, 1}

// NewCollector makes one.
func NewCollector() *Collector { return &Collector{sorter: newSorter()} }

// Skip passes over bytes that nobody looked at: the line ends.
func (c *Collector) Skip(n int64) {
	if c.content == "" {
		c.begin()
	}
	c.endLine()
	c.offset += n
	c.curve.skip(n)
	c.excerpts.skip(n)
}

// Add takes the next bytes. It keeps neither slice.
func (c *Collector) Add(text []byte, costs []cost.Byte) {
	for i, b := range text {
		x := costs[i]
		bits := float64(x.Bits)
		c.bytes++
		c.bits += bits
		c.saved += float64(x.Saved)
		w := &c.winners[min(x.Winner, cost.Winners-1)]
		w.Bytes++
		w.Bits += bits
		for j, t := range thresholds {
			if bits < t {
				c.under[j]++
			}
		}
		c.tokens.add(b, bits)
		c.curve.add(bits, float64(x.Saved))
	}
	c.excerpts.add(text, costs)
	if c.content != "" {
		c.split(text, costs)
		return
	}
	c.opening.text = append(c.opening.text, text...)
	c.opening.costs = append(c.opening.costs, costs...)
	if len(c.opening.text) >= openingSize {
		c.begin()
	}
}

// begin decides what kind of content there is, and goes on from its first byte.
func (c *Collector) begin() {
	opening := c.opening
	c.opening = piece{}
	c.content, c.parser.separator, c.parser.columns = contentOf(opening.text)
	c.split(opening.text, opening.costs)
}

// split takes lines apart.
func (c *Collector) split(text []byte, costs []cost.Byte) {
	for len(text) > 0 {
		n := bytes.IndexByte(text, '\n') + 1
		ends := n > 0
		if !ends {
			n = len(text)
		}
		if room := longestLine - len(c.line.text); n > room {
			n, ends = room, true
		}
		c.line.text = append(c.line.text, text[:n]...)
		c.line.costs = append(c.line.costs, costs[:n]...)
		text, costs = text[n:], costs[n:]
		if ends {
			c.endLine()
		}
	}
}

// endLine takes the line that has come.
func (c *Collector) endLine() {
	text, costs := c.line.text, c.line.costs
	if len(text) == 0 {
		return
	}
	bits := sumOf(costs)
	c.lines++
	if c.content != Binary && (len(c.top) < topLines || bits > c.top[0].Bits) {
		heap.Push(&c.top, Line{Number: c.lines, Offset: c.offset, Bits: bits, Bytes: len(text), piece: keep(bytes.TrimRight(text, "\r\n"), costs, exampleSize)})
		if len(c.top) > topLines {
			heap.Pop(&c.top)
		}
	}
	if c.content == Log || c.content == Table {
		line := bytes.TrimRight(text, "\r\n")
		var kind lineKind
		c.parts, kind = c.parser.parse(c.parts[:0], line)
		c.sorter.add(line, costs, kind, c.parts)
	}
	c.offset += int64(len(text))
	c.line = piece{text[:0], costs[:0]}
}

// costly is a heap of lines, the cheapest first.
type costly []Line

func (l costly) Len() int           { return len(l) }
func (l costly) Less(i, j int) bool { return l[i].Bits < l[j].Bits }
func (l costly) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *costly) Push(x any)        { *l = append(*l, x.(Line)) }
func (l *costly) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

// contentOf says what kind of content begins so; of a table, also its separator and what its first
// line calls the columns.
func contentOf(opening []byte) (kind Content, separator byte, columns []string) {
	odd := 0
	for rest := opening; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 || r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\x1b' {
			odd++
		}
		rest = rest[n:]
	}
	if 50*odd > len(opening) {
		return Binary, 0, nil
	}
	lines := bytes.Split(opening, []byte{'\n'})
	if len(lines) > 1 {
		lines = lines[:len(lines)-1] // the last one may be cut
	}
	lines = lines[:min(len(lines), 200)]
	if separator = separatorOf(lines); separator != 0 {
		return Table, separator, header(lines[0], separator)
	}
	if mix.IsProse(opening) && 20*bytes.Count(opening, []byte{'='}) < len(lines) {
		return Prose, 0, nil
	}
	return Log, 0, nil
}

// separatorOf gives what separates the fields of nearly all lines, as many of them in each; 0:
// nothing does.
func separatorOf(lines [][]byte) byte {
	if len(lines) < 3 {
		return 0
	}
	for _, c := range []byte("\t,;|") {
		p := parser{separator: c}
		count := map[int]int{}
		for _, line := range lines {
			if trimmed := bytes.TrimSpace(line); len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
				return 0
			}
			count[len(p.table(nil, line))]++
		}
		for fields, n := range count {
			if fields > 2 && 20*n >= 19*len(lines) {
				return c
			}
		}
	}
	return 0
}

// header gives the names of columns, if the line looks like having them: none is a number, or
// empty, or there twice.
func header(line []byte, separator byte) (names []string) {
	p := parser{separator: separator}
	seen := map[string]bool{}
	for _, f := range p.table(nil, line) {
		name := string(bytes.Trim(line[f.start:f.end], "\" \r"))
		if name == "" || seen[name] || len(name) > 60 || name[0] >= '0' && name[0] <= '9' || !utf8.ValidString(name) {
			return nil
		}
		seen[name] = true
		names = append(names, name)
	}
	return names
}
