//go:build unix

package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/lmz-go/lmz/tools/internal/chart"
)

// figure is a plot: curves, or bars where there are labels.
type figure struct {
	Title, X, Y string
	LogX, LogY  bool
	Near        bool     // Y does not begin at zero: what matters is how little it changes
	Labels      []string // of groups of bars, a bar for each series
	Series      []series
}

// series is a curve, or the bars of one colour. X is not read of bars.
type series struct {
	Name string
	X, Y []float64
	Dots bool // not joined
}

// bar sets the bar of a series in the last group.
func (f *figure) bar(name string, v float64) {
	i := slices.IndexFunc(f.Series, func(s series) bool { return s.Name == name })
	if i < 0 {
		i, f.Series = len(f.Series), append(f.Series, series{Name: name})
	}
	s := &f.Series[i]
	s.Y = append(s.Y, make([]float64, len(f.Labels)-len(s.Y))...)
	s.Y[len(f.Labels)-1] = v
}

const (
	figureWidth  = 17 * vg.Centimeter
	figureHeight = 9 * vg.Centimeter
)

// svg draws the figure.
func (f figure) svg() (string, error) {
	p := chart.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = f.Title, f.X, f.Y
	p.Title.TextStyle.Font.Size, p.Title.Padding = vg.Points(12), vg.Points(8)
	p.BackgroundColor = color.Transparent
	legend := p.Legend
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = color.Gray{0xdd}
	p.Add(grid)
	add := f.curves
	if f.Labels != nil {
		add = f.bars
	}
	if err := add(p, &legend); err != nil {
		return "", fmt.Errorf("figure %q: %w", f.Title, err)
	}
	c := vgsvg.New(figureWidth, figureHeight)
	legend.Left, legend.Top, legend.Padding, legend.ThumbnailWidth = true, true, vg.Points(3), vg.Points(16)
	legend.TextStyle.Font.Size = vg.Points(10)
	aside := legend.Rectangle(draw.New(c)).Size().X + vg.Points(10)
	p.Draw(draw.Crop(draw.New(c), 0, -aside-vg.Points(8), vg.Points(2), -vg.Points(2)))
	legend.Draw(draw.Crop(draw.New(c), figureWidth-aside, 0, 0, -vg.Points(26)))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", err
	}
	_, body, _ := strings.Cut(b.String(), "<svg") // without the head of a file
	return "<svg" + body, nil
}

func (f figure) curves(p *plot.Plot, legend *plot.Legend) error {
	for i, s := range f.Series {
		var points plotter.XYs
		for j := range s.X {
			if f.LogX && s.X[j] <= 0 || f.LogY && s.Y[j] <= 0 || math.IsNaN(s.Y[j]) {
				continue
			}
			points = append(points, plotter.XY{X: s.X[j], Y: s.Y[j]})
		}
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Color, line.Width = chart.Palette[i%len(chart.Palette)], vg.Points(1.6)
		dots.Color, dots.Shape, dots.Radius = line.Color, draw.CircleGlyph{}, vg.Points(2.4)
		if s.Dots {
			p.Add(dots)
			legend.Add(s.Name, dots)
			continue
		}
		p.Add(line)
		if len(points) <= 40 {
			p.Add(dots)
		}
		legend.Add(s.Name, line)
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = plainTicks{}, plainTicks{}
	logTicks := chart.LogTicks{Multiples: []float64{1, 2, 5}, Text: tickText}
	if f.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks
	}
	if f.LogY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks
	} else if !f.Near {
		p.Y.Min = min(0, p.Y.Min)
	}
	return nil
}

func (f figure) bars(p *plot.Plot, legend *plot.Legend) error {
	width := vg.Points(260 / float64(len(f.Labels)*len(f.Series)))
	width = min(width, vg.Points(26))
	for i, s := range f.Series {
		y := append(plotter.Values(s.Y), make(plotter.Values, len(f.Labels)-len(s.Y))...)
		b, err := plotter.NewBarChart(y, width)
		if err != nil {
			return err
		}
		b.Color, b.LineStyle.Width = chart.Palette[i%len(chart.Palette)], 0
		b.Offset = width * vg.Length(float64(i)-float64(len(f.Series)-1)/2)
		p.Add(b)
		if s.Name != "" {
			legend.Add(s.Name, b)
		}
	}
	p.NominalX(f.Labels...)
	p.Y.Tick.Marker = plainTicks{}
	p.Y.Min = min(0, p.Y.Min)
	return nil
}

// plainTicks are the usual ones, with short numbers.
type plainTicks struct{}

func (plainTicks) Ticks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i, t := range ticks {
		if t.Label != "" {
			ticks[i].Label = tickText(math.Round(t.Value*1e6) / 1e6)
		}
	}
	return ticks
}

func tickText(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%g M", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%g k", v/1e3)
	}
	return fmt.Sprintf("%g", v)
}
