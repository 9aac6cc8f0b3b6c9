// Package view shows an archive to a person, a page at a time: rows of lines, what is lost, what
// was found. Its types are what the page of the program viewer is told, as JSON.
package view

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/progress"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/salvage"
	"github.com/lmz-go/lmz/search"
	"github.com/lmz-go/lmz/stream"
)

// View shows an archive.
type View struct {
	*stream.Archive
	Source
	short   error           // why some of the content is not there; nil: all is
	pattern *search.Pattern // what pages highlight; nil: nothing
}

// Source is what an archive is read from, and with.
type Source struct {
	file io.ReaderAt
	size int64 // bytes
	ctx  context.Context
	salvage.Options

	Written time.Time // when the file was changed last; zero: now
}

// NewSource takes other files, models and dictionaries that archives may need.
func NewSource(ctx context.Context, file io.ReaderAt, size int64, others [][]byte, told func(done, of int)) Source {
	carried := embedded.Models()
	dictionaries := map[[32]byte][]byte{}
	for i, f := range others {
		if bytes.HasPrefix(f, []byte("GGUF")) {
			carried = append(carried, models.Embedded{Name: "given-" + strconv.Itoa(i), GGUF: f})
		} else {
			dictionaries[sha256.Sum256(f)] = f
		}
	}
	ctx = progress.With(ctx, func(_, done, of int) { told(done, of) })
	store := models.NewStore(models.Options{Embedded: carried, Path: []string{}})
	find := func(_ context.Context, sum [32]byte) ([]byte, error) {
		if d, ok := dictionaries[sum]; ok {
			return d, nil
		}
		return nil, fmt.Errorf("%w: SHA-256 %x; give the dictionary's file together with the archive's", stream.ErrNoDictionary, sum)
	}
	return Source{file: file, size: size, ctx: ctx, Options: salvage.Options{
		Models: store.Model, Dictionaries: find,
		Reader: []stream.ReaderOption{stream.WithWorkers(1), stream.WithLanes(1)},
	}}
}

// Open opens the archive. What it says of a damaged one comes with the parts that are asked for.
func (s Source) Open() (*View, error) {
	a, x, err := salvage.Open(s.ctx, s.file, s.size, s.Options)
	if err != nil {
		return nil, err
	}
	v := &View{Archive: a, Source: s, short: a.Err()}
	if x != nil && len(x.Losses) > 0 {
		v.short = fmt.Errorf("lost: %s: %w", x.Losses[0], x.Losses[0].Err)
	}
	return v, nil
}

// fact is something about the archive: what, and its value.
type fact [2]string

// summary is what is known of the archive before anything is decoded.
type summary struct {
	Size    int64  `json:"size"`    // of the content, in bytes
	Lines   int64  `json:"lines"`   // line ends
	Archive int64  `json:"archive"` // bytes
	Facts   []fact `json:"facts"`
	Short   string `json:"short,omitempty"` // why the content ends early
}

func (v *View) Summary() summary {
	s := summary{Size: v.Size(), Lines: v.Lines(), Archive: v.Source.size, Facts: []fact{}}
	if v.short != nil {
		s.Short = v.short.Error()
	}
	// The header of the first frame; listing tells of all.
	h, err := format.NewScanner(io.NewSectionReader(v.file, 0, v.Source.size)).NextFrame()
	if err != nil {
		return s
	}
	if h.Level > 0 {
		s.Facts = append(s.Facts, fact{"level", strconv.Itoa(h.Level)})
	}
	if m := h.Model; m != nil {
		s.Facts = append(s.Facts, fact{"model", visible([]byte(m.Name))}, fact{"class", visible([]byte(m.Class))})
	}
	if h.Primer == format.PrimerDictionary {
		s.Facts = append(s.Facts, fact{"dictionary", fmt.Sprintf("%x…", h.Dict[:4])})
	}
	return s
}

// listing is the chunks of the archive.
type listing struct {
	Frames int            `json:"frames"`
	Chunks []listedChunk  `json:"chunks"` // the first of them
	Count  int            `json:"count"`
	By     map[string]int `json:"by"` // how many there are, by method
	Wrong  string         `json:"wrong,omitempty"`
}

type listedChunk struct {
	Offset int64  `json:"offset"` // of the record in the archive
	Size   int64  `json:"size"`   // bytes of it
	At     int64  `json:"at"`     // in the content
	Raw    int64  `json:"raw"`    // bytes of it
	Line   int64  `json:"line"`   // line ends in front
	Lines  int64  `json:"lines"`
	Method string `json:"method"`
}

// listedChunks is how many chunks of an archive are shown at most.
const listedChunks = 2000

func (s Source) List() listing {
	frames, err := stream.ReadIndex(s.file, s.size)
	l := listing{Frames: len(frames), Chunks: []listedChunk{}, By: map[string]int{}}
	if err != nil {
		l.Wrong = err.Error()
	}
	line := int64(0)
	for _, f := range frames {
		for _, c := range f.Chunks {
			method := c.Method.String()
			if l.By[method]++; l.Count < listedChunks {
				l.Chunks = append(l.Chunks, listedChunk{c.Offset, c.Size, c.RawOffset, c.RawSize, line, c.Lines, method})
			}
			l.Count++
			line += c.Lines
		}
	}
	return l
}

// Query is what is looked for.
type Query struct {
	Text       string `json:"text"`
	Expression bool   `json:"expression"` // it is a regular expression, not a text
	AnyCase    bool   `json:"anyCase"`
	Word       bool   `json:"word"`
	Since      string `json:"since"` // as <input type=datetime-local> has it; empty: any
	Until      string `json:"until"`
}

// Compile gives what is looked for in lines; nil: they are not asked for any text.
func (q *Query) Compile() (*search.Pattern, error) {
	if q == nil || q.Text == "" {
		return nil, nil
	}
	return search.Compile(q.Text, search.Options{Fixed: !q.Expression, IgnoreCase: q.AnyCase, Word: q.Word})
}

// span is the time of the lines that are looked for; nil: any.
func (q *Query) span(written time.Time) (*stream.TimeSpan, error) {
	if q == nil || q.Since == "" && q.Until == "" {
		return nil, nil
	}
	span := &stream.TimeSpan{Written: written}
	for text, to := range map[string]*time.Time{q.Since: &span.Since, q.Until: &span.Until} {
		if text == "" {
			continue
		}
		var err error
		// Takes fractions, too.
		for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
			if *to, err = time.Parse(layout, text); err == nil {
				break
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no time", text)
		}
	}
	if q.Since != "" && q.Since == q.Until {
		return nil, errors.New("the time ends where it begins")
	}
	return span, nil
}

// Highlight chooses what pages mark.
func (v *View) Highlight(q *Query) (err error) {
	v.pattern, err = q.Compile()
	return err
}

// hitBytes is how much of a line that was found is shown at most.
const hitBytes = 400

// Find searches all of the archive, unless nothing is looked for. found is given lines, and what is
// lost in place of some.
func (v *View) Find(q *Query, found func(Row) error) (stream.Found, error) {
	p, err := q.Compile()
	if err != nil {
		return stream.Found{}, err
	}
	span, err := q.span(v.Written)
	if err != nil || p == nil && span == nil {
		return stream.Found{}, err
	}
	lines := p
	if p == nil { // all of that time
		if lines, err = search.Compile("", search.Options{}); err != nil {
			return stream.Found{}, err
		}
	}
	return v.Search(stream.Search{
		Pattern: lines,
		Span:    span,
		Found: func(l stream.Line) error {
			return found(Row{Place: Place{Offset: l.Offset, Line: l.Number - 1}, Parts: partsOf(p, excerpt(lines, l.Text, hitBytes))})
		},
		Damaged: func(e *stream.LostError) error {
			line, err := v.LineAt(e.Offset)
			behind, errBehind := v.LineAt(e.Offset + e.Size)
			if err = errors.Join(err, errBehind); err != nil {
				return err
			}
			return found(Row{Place: Place{Offset: e.Offset, Line: line}, Lost: &lost{e.Size, behind - line, e.Err.Error()}})
		},
	})
}

// report is what came of a check of all of the archive.
type report struct {
	Intact   bool     `json:"intact"`
	Losses   []loss   `json:"losses"`
	Repaired []string `json:"repaired"`
	Unknown  string   `json:"unknown,omitempty"` // why it is not known whether all decodes
}

type loss struct {
	Text string `json:"text"`
	Line int64  `json:"line"` // line ends in front of it; -1: it is not known
}

// Check decodes all of the archive.
func (s Source) Check() (report, error) {
	r := report{Losses: []loss{}, Repaired: []string{}}
	err := salvage.Verify(s.ctx, s.file, s.size, s.Options)
	var damage *salvage.DamageError
	if !errors.As(err, &damage) {
		r.Intact = err == nil
		return r, err
	}
	for _, l := range damage.Recovery.Losses {
		r.Losses = append(r.Losses, loss{l.String(), l.Line})
	}
	for _, e := range damage.Recovery.Repaired {
		r.Repaired = append(r.Repaired, e.Error())
	}
	if e := damage.Recovery.Undecoded; e != nil {
		r.Unknown = e.Error()
	}
	return r, nil
}
