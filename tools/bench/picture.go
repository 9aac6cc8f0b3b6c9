//go:build unix && !386 && !arm

package main

import (
	"fmt"
	"image/color"
	"os"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/lmz-go/lmz/tools/internal/chart"
)

const (
	pictureWidth  = 24 * vg.Centimeter
	pictureHeight = 11 * vg.Centimeter
)

var oursColor, othersColor = chart.Palette[0], chart.Palette[1]

// drawCurve draws bytes against speed, compressing on the left and decompressing on the right. Up
// and to the right is better.
func drawCurve(path, title string, bytes int, points []point) error {
	c := vgsvg.New(pictureWidth, pictureHeight)
	whole := draw.New(c)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	half := pictureWidth / 2
	for i, direction := range []string{"compressing", "decompressing"} {
		p, err := panel(title+", "+direction, bytes, points, i == 1)
		if err != nil {
			return err
		}
		left := vg.Length(i) * half
		p.Draw(draw.Crop(whole, left+vg.Points(6), left-half-vg.Points(6), vg.Points(6), -vg.Points(6)))
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := c.WriteTo(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func panel(title string, bytes int, points []point, decompressing bool) (*plot.Plot, error) {
	p := chart.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, "MB/s of one core", "original / archive"
	p.Title.Padding = vg.Points(6)
	text := func(v float64) string { return fmt.Sprintf("%.4g", v) }
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, chart.LogTicks{Multiples: []float64{1, 2, 5}, Text: text}
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, chart.LogTicks{Multiples: []float64{1, 1.5, 2, 3, 4, 5, 7}, Text: text}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{0xe4}, color.Gray{0xe4}
	p.Add(grid)
	var all labels
	for _, ours := range []bool{false, true} {
		var xy plotter.XYs
		var names []string
		for _, q := range points {
			if q.ours != ours {
				continue
			}
			d := q.compress
			if decompressing {
				d = q.decompress
			}
			xy = append(xy, plotter.XY{X: rate(bytes, d), Y: float64(bytes) / float64(q.size)})
			names = append(names, q.name)
		}
		if len(xy) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(xy)
		if err != nil {
			return nil, err
		}
		dots.Color, dots.Shape, dots.Radius = othersColor, draw.CircleGlyph{}, vg.Points(2.6)
		if ours {
			dots.Color, line.Color, line.Width = oursColor, oursColor, vg.Points(1.4)
			p.Add(line)
		}
		p.Add(dots)
		for i, name := range names {
			all = append(all, label{xy[i], name, dots.Color})
		}
	}
	p.Add(all)
	p.X.Min, p.X.Max = p.X.Min/1.6, p.X.Max*3 // room for names
	return p, nil
}

// label is the name of a dot.
type label struct {
	plotter.XY
	name  string
	color color.Color
}

// labels writes names beside their dots, where no name is yet.
type labels []label

func (l labels) Plot(c draw.Canvas, p *plot.Plot) {
	style := p.X.Tick.Label
	style.Font.Size = vg.Points(8)
	x, y := p.Transforms(&c)
	var taken []vg.Rectangle
	for _, a := range l { // the dots
		at := vg.Point{X: x(a.X), Y: y(a.Y)}
		taken = append(taken, vg.Rectangle{Min: at.Sub(vg.Point{X: 2, Y: 2}), Max: at.Add(vg.Point{X: 2, Y: 2})})
	}
	for _, a := range l {
		style.Color = a.color
		size := style.Rectangle(a.name).Size()
		dot := vg.Point{X: x(a.X), Y: y(a.Y)}
		places := []vg.Point{{X: 5, Y: -size.Y / 2}, {X: -size.X - 5, Y: -size.Y / 2}, {X: -size.X / 2, Y: 4}, {X: -size.X / 2, Y: -size.Y - 4},
			{X: 5, Y: 3}, {X: 5, Y: -size.Y - 2}, {X: -size.X - 4, Y: 3}, {X: -size.X - 4, Y: -size.Y - 2}}
		best := places[0]
		for _, place := range places {
			at := dot.Add(place)
			box := vg.Rectangle{Min: at, Max: at.Add(size)}
			if !slices.ContainsFunc(taken, func(r vg.Rectangle) bool {
				return r.Min.X < box.Max.X && box.Min.X < r.Max.X && r.Min.Y < box.Max.Y && box.Min.Y < r.Max.Y
			}) {
				best = place
				break
			}
		}
		at := dot.Add(best)
		taken = append(taken, vg.Rectangle{Min: at, Max: at.Add(size)})
		style.XAlign, style.YAlign = draw.XLeft, draw.YBottom
		c.FillText(style, at, a.name)
	}
}
