package explain

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html"
	markup "html/template"
	"io"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/cost"
)

// The page is one file that loads nothing: style and script are in it, and its policy lets no other
// script run, whatever the content that it shows.
var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	pageScript string
)

// page is made when it is needed, not whenever lmz starts.
var page = sync.OnceValue(func() *markup.Template {
	return markup.Must(markup.New("page").Funcs(markup.FuncMap{
		"percent": percent,
		"bits":    number,
		"bytes":   ui.FormatBytes,
		"count":   func(bits float64) string { return ui.FormatCount(uint64(bits)) },
		"width":   func(share float64) string { return fmt.Sprintf("%.2f%%", 100*share) },
	}).Parse(pageText))
})

const pageChunks = 200 // rows of the table of chunks

// HTML writes the Report as one page, with so many rows of each table.
func (r *Report) HTML(to io.Writer, rows int) error {
	sum := sha256.Sum256([]byte(pageScript))
	w := bufio.NewWriter(to)
	v := pageView{
		Report: r, Style: markup.CSS(pageStyle), Script: markup.JS(pageScript),
		Policy: "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		Ratio:  ui.FormatRatio(r.RawBytes, r.CompressedBytes), Plot: r.plot(), Heat: heatLegend(), AllChunks: r.ChunkCount,
		Fields: r.Fields[:min(rows, len(r.Fields))], Templates: r.Templates[:min(rows, len(r.Templates))],
		Costliest: r.Costliest[:min(rows, len(r.Costliest))], Chunks: r.Chunks[:min(pageChunks, len(r.Chunks))],
	}
	for i := range cost.Winners {
		v.Names = append(v.Names, i.String())
	}
	for _, w := range r.Winners {
		i := slices.Index(v.Names, w.Name)
		v.Who = append(v.Who, whoView{i, w.Name, markup.CSS(winnerColors[i%len(winnerColors)])})
	}
	for _, e := range r.excerpts {
		v.Excerpts = append(v.Excerpts, excerptView{e.offset, e.piece.heat()})
		v.ExcerptedBytes += int64(len(e.text))
	}
	if err := page().Execute(w, v); err != nil {
		return err
	}
	return w.Flush()
}

// pageView is what the page is made from.
type pageView struct {
	*Report
	Style          markup.CSS
	Script         markup.JS
	Policy         string
	Ratio          string
	Plot           plot
	Fields         []Field
	Templates      []Template
	Costliest      []Line
	Chunks         []Chunk
	AllChunks      int
	Excerpts       []excerptView
	ExcerptedBytes int64
	Heat           []heatView
	Names          []string // of all winners, by number
	Who            []whoView
}

// Shares gives the shares of bits and bytes that some bytes have.
func (pageView) Shares(all []Share, bytes int64) (views []shareView) {
	for _, s := range all {
		views = append(views, shareView{s.Name, s.Share, share(float64(s.Bytes), float64(bytes))})
	}
	return views
}

type shareView struct {
	Name        string
	Bits, Bytes float64
}

// whoView is a winner with its color.
type whoView struct {
	Number int
	Name   string
	Color  markup.CSS
}

var winnerColors = [cost.Winners]string{"#9ecae1", "#a6dba0", "#c7e9c0", "#d9d9d9", "#bcbddc", "#dadaeb", "#fdd0a2", "#fee391", "#c7b299", "#80cdc1",
	"#fb9a99", "#f1b6da", "#e5e5e5", "#bdbdbd"}

// Headline is the whole in one line.
func (r *Report) Headline() string {
	return fmt.Sprintf("%s -> %s (%s), %.3f bits per byte", ui.FormatBytes(r.RawBytes), ui.FormatBytes(r.CompressedBytes),
		ui.FormatRatio(r.RawBytes, r.CompressedBytes), r.BitsPerByte)
}

// coding is the preset, and the method of most bytes where that is not what the preset is about.
func (r *Report) coding() string {
	switch {
	case r.Level == nil:
		return r.Method
	case r.Method == codec.Mix.String() || r.Method == "":
		return fmt.Sprintf("-%d", *r.Level)
	}
	return fmt.Sprintf("-%d (%s)", *r.Level, r.Method)
}

// Made says what the archive was made with.
func (r *Report) Made() string {
	with := r.coding()
	if r.Level != nil {
		with = "preset " + with
	}
	if r.Model != "" {
		return with + ", model " + r.Model
	}
	return with + ", no model"
}

type excerptView struct {
	Offset int64
	Text   markup.HTML
}

type heatView struct {
	Level int
	Text  string
}

func heatLegend() (all []heatView) {
	for i, most := range heat {
		all = append(all, heatView{i, fmt.Sprintf("≤ %g", most)})
	}
	return append(all, heatView{len(heat), "more"})
}

// Heat is the example as a heat map.
func (t Template) Heat() markup.HTML { return t.piece.heat() }

// Heat is the example as a heat map.
func (f Field) Heat() markup.HTML { return f.piece.heat() }

// Heat is the line as a heat map.
func (l Line) Heat() markup.HTML { return l.piece.heat() }

// heat is a text as elements with a color each: a character, or a stretch of those that cost next
// to nothing. They say how many bytes they are and bits they cost, and what foresaw them.
func (p piece) heat() markup.HTML {
	var b, text strings.Builder
	var run glyph
	var winner cost.Winner
	flush := func() {
		if run.bytes == 0 {
			return
		}
		b.WriteString("<i")
		if level := levelOf(run.bits / float64(run.bytes)); level > 0 {
			fmt.Fprintf(&b, " class=h%d", level)
		}
		if run.bytes > 1 {
			fmt.Fprintf(&b, " data-n=%d", run.bytes)
		}
		fmt.Fprintf(&b, " data-b=%.3g data-w=%d>%s</i>", run.bits, winner, html.EscapeString(text.String()))
		run = glyph{}
		text.Reset()
	}
	for g := range p.glyphs {
		by := p.costs[g.first].Winner
		cheap := levelOf(g.bits) == 0
		if !cheap || run.bytes > 0 && by != winner {
			flush()
		}
		run.bytes += g.bytes
		run.bits += g.bits
		winner = by
		text.WriteString(g.text)
		if !cheap {
			flush()
		}
	}
	flush()
	return markup.HTML(b.String())
}

// plot is the curve as a picture of width 1000.
type plot struct {
	With, Alone string // paths
	Ticks       []tick
	Marks       []tick
	Chunks      []float64    // where chunks begin
	End         int64        // bytes that the width stands for
	Points      [][4]float64 // offset, bytes, bits per byte, and without the model
	Model       bool
}

type tick struct {
	At   float64
	Text string
}

const (
	plotWidth, plotHeight = 1000, 200
	plotLeast             = 0.005 // bits per byte at the bottom
	plotMost              = 10.0
)

// plotY is where a value stands: the scale is logarithmic, since beginnings cost a hundred times
// what follows.
func plotY(v float64) float64 {
	v = max(plotLeast, min(plotMost, v))
	return plotHeight * (1 - math.Log(v/plotLeast)/math.Log(plotMost/plotLeast))
}

// round leaves four decimals.
func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }

func (r *Report) plot() (p plot) {
	if len(r.Curve) == 0 {
		return p
	}
	last := r.Curve[len(r.Curve)-1]
	p.End = max(last.Offset+last.Bytes, 1)
	p.Model = r.Model != ""
	x := func(offset int64) float64 { return plotWidth * float64(offset) / float64(p.End) }
	var with, alone strings.Builder
	command := "M"
	for i, s := range r.Curve {
		if i > 0 && s.Bytes < r.Curve[0].Bytes/4 {
			continue // the rest at the end, of a few bytes
		}
		// Each stretch is a step.
		fmt.Fprintf(&with, "%s%.1f %.1fH%.1f", command, x(s.Offset), plotY(s.BitsPerByte), min(x(s.Offset+s.Bytes), plotWidth))
		fmt.Fprintf(&alone, "%s%.1f %.1fH%.1f", command, x(s.Offset), plotY(s.Alone), min(x(s.Offset+s.Bytes), plotWidth))
		p.Points = append(p.Points, [4]float64{float64(s.Offset), float64(s.Bytes), round(s.BitsPerByte), round(s.Alone)})
		command = "L"
	}
	p.With, p.Alone = with.String(), alone.String()
	for _, v := range []float64{0.01, 0.1, 1, 8} {
		p.Ticks = append(p.Ticks, tick{plotY(v), fmt.Sprintf("%g", v)})
	}
	for i := range 5 {
		p.Marks = append(p.Marks, tick{plotWidth * float64(i) / 4, ui.FormatBytes(p.End * int64(i) / 4)})
	}
	if n := len(r.Chunks); n > 1 && n <= pageChunks && r.SourceBytes == 0 {
		for _, c := range r.Chunks {
			p.Chunks = append(p.Chunks, x(c.Offset))
		}
	}
	return p
}
