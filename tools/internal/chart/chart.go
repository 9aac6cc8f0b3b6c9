// Package chart is what the plots of tools have in common.
package chart

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
)

// Palette is Okabe and Ito's, which can be told apart with any eyes.
var Palette = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 255}, color.RGBA{0xd5, 0x5e, 0x00, 255}, color.RGBA{0x00, 0x9e, 0x73, 255},
	color.RGBA{0xcc, 0x79, 0xa7, 255}, color.RGBA{0xe6, 0x9f, 0x00, 255}, color.RGBA{0x56, 0xb4, 0xe9, 255}, color.RGBA{0x44, 0x44, 0x44, 255},
	color.RGBA{0xb8, 0xac, 0x1e, 255},
}

// New is a plot of nothing yet.
func New() *plot.Plot {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	return plot.New()
}

// LogTicks marks multiples of each power of ten.
type LogTicks struct {
	Multiples []float64
	Text      func(v float64) string
}

func (t LogTicks) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for _, m := range t.Multiples {
			if v := m * math.Pow(10, e); v >= low*0.999 && v <= high*1.001 {
				ticks = append(ticks, plot.Tick{Value: v, Label: t.Text(v)})
			}
		}
	}
	return ticks
}
