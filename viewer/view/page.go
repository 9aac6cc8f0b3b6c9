package view

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/lmz-go/lmz/stream"
)

// Place is one in the content.
type Place struct {
	Offset int64 `json:"offset"` // bytes in front of it
	Line   int64 `json:"line"`   // line ends in front of it
	Goes   bool  `json:"goes"`   // it is within a line
}

// Row is a line as it is shown, a part of a long one, or what is lost in place of some.
type Row struct {
	Place
	Parts []string `json:"parts,omitempty"` // every second one matches the pattern
	Lost  *lost    `json:"lost,omitempty"`
}

// lost is a part of the content that cannot be read.
type lost struct {
	Size  int64  `json:"size"`  // bytes
	Lines int64  `json:"lines"` // line ends
	Why   string `json:"why"`
}

// page is a stretch of the content.
type page struct {
	From Place `json:"from"`
	To   Place `json:"to"`
	Rows []Row `json:"rows"`
}

// A page has at most so many rows and bytes of content. It is read in steps, and ends behind one
// when it has enough for a window, so that no chunk is decoded that need not be.
const (
	pageLines  = 200
	pageEnough = 60
	pageBytes  = 128 << 10
	readStep   = 16 << 10
)

// Forward is the page that begins at a place.
func (v *View) Forward(at Place) (*page, error) { return v.page(at, v.Size(), pageEnough) }

// page is the one that begins at a place, and ends in front of the byte until at the latest, with
// so many rows at least if there are as many.
func (v *View) page(at Place, until int64, enough int) (*page, error) {
	p := &page{From: at, To: at, Rows: []Row{}}
	limit := min(at.Offset+pageBytes, until)
	var text []byte // behind p.To
	for end := at.Offset; end < limit && len(p.Rows) < enough; {
		step := make([]byte, min(readStep, limit-end))
		n, err := v.ReadAt(step, end)
		text, end = append(text, step[:n]...), end+int64(n)
		var gone *stream.LostError
		if err != nil && !errors.As(err, &gone) {
			return nil, err
		}
		for {
			i := bytes.IndexByte(text, '\n')
			if i < 0 {
				break
			}
			p.add(v, text[:i], 1)
			if len(p.Rows) == pageLines {
				return p, nil
			}
			text = text[i+1:]
		}
		switch {
		case gone != nil || end == until:
			if len(text) > 0 { // a line without an end, or what there is of one
				p.add(v, text, 0)
				text = nil
			}
		case end == limit && len(p.Rows) == 0:
			text = wholeRunes(text)
			p.add(v, text, 0)
			p.To.Goes = true
		}
		if gone != nil {
			line, err := v.LineAt(gone.Offset + gone.Size)
			if err != nil {
				return nil, err
			}
			at := Place{gone.Offset, p.To.Line, false}
			p.Rows = append(p.Rows, Row{Place: at, Lost: &lost{gone.Size, line - at.Line, gone.Err.Error()}})
			p.To = Place{gone.Offset + gone.Size, line, false}
			end = p.To.Offset
		}
	}
	return p, nil
}

// add adds a row of text and the line ends behind it, 0 or 1.
func (p *page) add(v *View, text []byte, ends int64) {
	p.Rows = append(p.Rows, Row{Place: p.To, Parts: v.parts(text)})
	p.To = Place{p.To.Offset + int64(len(text)) + ends, p.To.Line + ends, false}
}

// wholeRunes is a text without a character at its end of which bytes are missing.
func wholeRunes(text []byte) []byte {
	for i := 1; i < min(utf8.UTFMax, len(text)); i++ {
		if end := text[len(text)-i:]; utf8.RuneStart(end[0]) {
			if !utf8.FullRune(end) {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}

// Back is the page that ends at a byte.
func (v *View) Back(end int64) (*page, error) {
	at, err := v.start(end)
	if err == nil {
		at.Line, err = v.LineAt(at.Offset)
	}
	if err != nil {
		return nil, err
	}
	return v.page(at, end, pageLines)
}

// start is where a page begins that ends at a byte. Its number of the line is not known.
func (v *View) start(end int64) (Place, error) {
	for size := int64(readStep); ; size += readStep {
		from := max(0, end-size)
		wanted := from
		text := make([]byte, end-from)
		for from < end {
			_, err := v.ReadAt(text[:end-from], from)
			var gone *stream.LostError
			if !errors.As(err, &gone) {
				if err != nil {
					return Place{}, err
				}
				break
			}
			if gone.Offset+gone.Size >= end {
				return Place{Offset: gone.Offset}, nil
			}
			from = gone.Offset + gone.Size
		}
		text = text[:end-from]
		lines := 0
		for i := len(text) - 2; i >= 0; i-- {
			if text[i] != '\n' {
				continue
			}
			if lines++; lines == pageLines {
				return Place{Offset: from + int64(i+1)}, nil
			}
		}
		if from == 0 || from > wanted {
			return Place{Offset: from}, nil
		}
		if size < pageBytes {
			continue
		}
		if i := bytes.IndexByte(text[:len(text)-1], '\n'); i >= 0 {
			return Place{Offset: from + int64(i+1)}, nil
		}
		cut := 0
		for cut < utf8.UTFMax-1 && !utf8.RuneStart(text[cut]) {
			cut++
		}
		return Place{Offset: from + int64(cut), Goes: true}, nil
	}
}

// Line is the page that begins with a line, counted from 1, or the last page if that is behind it.
func (v *View) Line(number int64) (*page, error) {
	at := Place{Line: max(0, number-1)}
	if at.Line > v.Lines() {
		return v.Back(v.Size())
	}
	var err error
	at.Offset, err = v.LineOffset(at.Line)
	var gone *stream.LostError
	if errors.As(err, &gone) {
		at.Offset = gone.Offset
		at.Line, err = v.LineAt(gone.Offset)
	}
	if err != nil {
		return nil, err
	}
	if at.Offset == v.Size() {
		return v.Back(v.Size())
	}
	return v.Forward(at)
}
