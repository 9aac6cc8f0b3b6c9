package explain

import (
	"bytes"
	"fmt"

	"github.com/lmz-go/lmz/internal/cost"
)

// Lines are sorted into templates much as Drain does (He et al., ICWS 2017): lines with as many
// parts are compared part by part, and belong together where at least half of those that are words
// agree. A part that differs becomes one that varies. JSON and tables need no guessing: lines with
// the same keys belong together.
const (
	maxTemplates = 1000 // in all; what comes later goes where it fits best, or to others
	maxAlike     = 100  // with the same number of parts
	maxLearnt    = 1 << 14
	exampleSize  = 400 // bytes of a line
)

// template is a kind of lines.
type template struct {
	kind    lineKind
	slots   []slot
	lines   int64
	bits    float64
	frame   float64 // bits of what is between the parts
	example piece
	parts   []part // of the example
}

// slot is a place of a template. That of a part with a name only knows whether it varies: the
// values are those of the name's field.
type slot struct {
	hash  uint64 // of the text; 0: it varies
	named string
	bits  float64 // while it does not vary
	bytes int64
	stat  *stat // once it varies, without a name
}

// sorter finds the templates of lines.
type sorter struct {
	all    []*template
	alike  map[uint64][]*template // by kind and number of parts, or the keys
	learnt map[uint64]*template   // by the hash of all words of a line
	others map[lineKind]*template
	named  map[string]*stat
	inner  map[string]*sorter // of values that are text, by their name; nil: such values are not taken apart
	parser *parser
	parts  []part
	hashes []uint64
}

// maxInner is how many fields are taken apart at most.
const maxInner = 12

// newSorter makes a sorter of lines; inner says whether values are taken apart as well.
func newSorter(p *parser, inner bool) *sorter {
	s := &sorter{parser: p, alike: map[uint64][]*template{}, learnt: map[uint64]*template{}, others: map[lineKind]*template{}, named: map[string]*stat{}}
	if inner {
		s.inner = map[string]*sorter{}
	}
	return s
}

// varies says whether a part of text varies by its nature: it holds a digit.
func varies(text []byte) bool {
	for _, c := range text {
		if c >= '0' && c <= '9' {
			return true
		}
	}
	return false
}

// add takes a line with its parts, and costs, of which the first are the line's.
func (s *sorter) add(line []byte, costs []cost.Byte, kind lineKind, parts []part) {
	s.hashes = append(s.hashes[:0], make([]uint64, len(parts))...) // 0: varies
	hashes := s.hashes
	key, words := uint64(len(parts))<<2|uint64(kind), uint64(kind)+1
	for i, p := range parts {
		text := line[p.start:p.end]
		switch {
		case kind == tableLine:
		case kind == jsonLine:
			key = key*1099511628211 ^ hashOf([]byte(p.name))
		case !varies(text):
			hashes[i] = hashOf(text)
		}
		words = words*1099511628211 ^ hashes[i]
	}
	if kind == tableLine {
		key = uint64(tableLine)
	}
	t := s.learnt[words^key]
	if t == nil || len(t.slots) != len(parts) {
		t = s.find(key, kind, line, parts, hashes)
		if len(s.learnt) >= maxLearnt {
			clear(s.learnt)
		}
		s.learnt[words^key] = t
	}
	t.add(s, line, costs, parts, hashes)
}

// addInner takes a value apart if it is text.
func (s *sorter) addInner(name string, text []byte, costs []cost.Byte) {
	if s.inner == nil || bytes.Count(text, []byte{' '}) < 2 {
		return
	}
	in := s.inner[name]
	if in == nil {
		if len(s.inner) == maxInner {
			return
		}
		in = newSorter(s.parser, false)
		s.inner[name] = in
	}
	in.parts = s.parser.text(in.parts[:0], text, true)
	in.add(text, costs, textLine, in.parts)
}

// find gives the template that a line is most like, or a new one.
func (s *sorter) find(key uint64, kind lineKind, line []byte, parts []part, hashes []uint64) *template {
	alike := s.alike[key]
	if kind != textLine && len(alike) > 0 {
		return alike[0]
	}
	var best *template
	most := -1.0
	for _, t := range alike {
		same, words := 0, 0
		for i, h := range hashes {
			if h != 0 || t.slots[i].hash != 0 {
				words++
				if h == t.slots[i].hash {
					same++
				}
			}
		}
		like := 1.0
		if words > 0 {
			like = float64(same) / float64(words)
		}
		if like > most {
			best, most = t, like
		}
	}
	full := len(alike) >= maxAlike || len(s.all) >= maxTemplates
	if most >= 0.5 || full && best != nil {
		return best
	}
	if full {
		t := s.others[kind]
		if t == nil {
			t = &template{kind: kind}
			s.others[kind] = t
		}
		return t
	}
	t := &template{kind: kind, slots: make([]slot, len(parts))}
	for i, p := range parts {
		t.slots[i] = slot{hash: hashes[i], named: p.name}
	}
	s.all = append(s.all, t)
	s.alike[key] = append(alike, t)
	return t
}

func (t *template) add(s *sorter, line []byte, costs []cost.Byte, parts []part, hashes []uint64) {
	t.lines++
	total := 0.0
	for _, c := range costs {
		total += float64(c.Bits)
	}
	t.bits += total
	for i, p := range parts {
		text, own := line[p.start:p.end], costs[p.start:p.end]
		bits := 0.0
		for _, c := range own {
			bits += float64(c.Bits)
		}
		total -= bits
		if p.name != "" {
			f := s.named[p.name]
			if f == nil {
				f = new(stat)
				s.named[p.name] = f
			}
			f.add(text, own)
			s.addInner(p.name, text, own)
			continue
		}
		if i >= len(t.slots) { // of what is left over
			total += bits
			continue
		}
		q := &t.slots[i]
		if q.hash != 0 && q.hash == hashes[i] {
			q.bits += bits
			q.bytes += int64(len(text))
			continue
		}
		q.hash = 0
		if q.stat == nil {
			q.stat = new(stat)
		}
		q.stat.add(text, own)
	}
	t.frame += total
	if t.lines <= 64 && (t.lines == 1 || len(line) > 0) {
		mean, now := t.bits/float64(t.lines), sumOf(costs)
		if t.lines == 1 || abs(now-mean) < abs(t.example.bits()-mean) {
			t.example = keep(line, costs, exampleSize)
			t.parts = append(t.parts[:0], parts...)
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }

func sumOf(costs []cost.Byte) (bits float64) {
	for _, c := range costs {
		bits += float64(c.Bits)
	}
	return bits
}

// wild stands for what varies.
const wild = "<*>"

// text is the template's line, with wild for what varies.
func (t *template) text(s *sorter) string {
	if len(t.slots) == 0 && t.lines > 0 && len(t.parts) > 0 {
		return "(other lines)"
	}
	var b []byte
	at := 0
	for i, p := range t.parts {
		if p.end > len(t.example.text) {
			break
		}
		b = append(b, t.example.text[at:p.start]...)
		varies := i >= len(t.slots) || t.slots[i].hash == 0 && !t.slots[i].constant()
		if p.name != "" {
			f := s.named[p.name]
			varies = f.many || len(f.distinct) > 1
		}
		if varies {
			b = append(b, wild...)
		} else {
			b = append(b, t.example.text[p.start:p.end]...)
		}
		at = p.end
	}
	return string(append(b, t.example.text[at:]...))
}

// constant says whether what might vary has always been the same.
func (q *slot) constant() bool { return q.stat != nil && !q.stat.many && len(q.stat.distinct) == 1 }

// nameOf says what a slot without a name is called: by a word that is always near it, or else its
// column, as times are.
func (t *template) nameOf(i int) string {
	if s := t.slots[i].stat; !s.is(clock | date) {
		for j := i - 1; j >= max(0, i-3); j-- {
			if word := t.anchor(j); word != "" {
				return fmt.Sprintf("%sbehind %q", [...]string{"", "2nd ", "3rd "}[i-1-j], word)
			}
		}
		if word := t.anchor(i + 1); word != "" && i >= 3 {
			return fmt.Sprintf("in front of %q", word)
		}
	}
	return string(appendColumn(nil, i))
}

// anchor is the word of a slot, if it is always the same and says something.
func (t *template) anchor(i int) string {
	if i >= len(t.slots) || t.slots[i].hash == 0 || t.slots[i].named != "" || t.parts[i].end > len(t.example.text) {
		return ""
	}
	word := t.example.text[t.parts[i].start:t.parts[i].end]
	if !isKey(word) || len(word) < 2 || bytes.Contains(calendar, word) {
		return ""
	}
	return string(word)
}

// calendar is words in front of which days and years stand.
var calendar = []byte("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Mon Tue Wed Thu Fri Sat Sun")

func appendColumn(b []byte, n int) []byte { return fmt.Appendf(b, "column %d", n+1) }
