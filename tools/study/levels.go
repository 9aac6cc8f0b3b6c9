//go:build unix

package main

import (
	"fmt"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/tools/internal/cpu"
)

var levelsTable = &table{
	name:  "levels",
	title: "Levels with and without the model and the prior",
	about: "What `mix` makes of each class at every level: from nothing, behind the prior (the text that is read before a chunk, and learnt weights with it), with the " +
		"model, and with both. The model is asked where it pays at the level's price, which is hardly ever up to `-3`. Bytes of payloads, and CPU µs per byte, of one " +
		"direction.",
	seconds: [2]int{20, 600},
	run:     levels,
}

func levels(s *study) (*report, error) {
	r := &report{}
	var all []int
	for level := 0; level <= preset.Max; level++ {
		all = append(all, level)
	}
	sample := s.bytes
	if s.quick {
		all, sample = []int{1, 9}, s.bytes/4
	}
	m := s.models[0]
	ways := []struct {
		name   string
		method method
	}{
		{"from nothing", method{without: mix.Prior | mix.Learnt}},
		{"prior", method{}},
		{"model " + m.name, method{model: m, without: mix.Prior | mix.Learnt}},
		{"prior and model " + m.name, method{model: m}},
	}
	classes := s.classes()
	s.plan(len(all) * len(ways) * len(classes))
	for _, class := range classes {
		texts := s.sample(class, sample)
		raw := float64(length(texts))
		curves := make([]series, len(ways))
		for _, level := range all {
			for i, w := range ways {
				w.method.codec, w.method.level = codec.Mix, level
				var size int64
				spent, err := cpu.Time(func() (err error) {
					size, err = s.payload(texts, w.method)
					return err
				})
				if err != nil {
					return nil, fmt.Errorf("-%d %s: %w", level, w.name, err)
				}
				put := func(measure string, ours float64, unit string) {
					r.add(row{Part: fmt.Sprintf("%s: %s bytes in %d files", class, grouped(int64(raw)), len(texts)), Name: fmt.Sprintf("mix -%d", level), Measure: measure,
						Ours: ours, Unit: unit, Command: s.again("levels")})
				}
				put(w.name, float64(size), "bytes")
				put(w.name+", µs per byte", spent.Seconds()*1e6/2/raw, "")
				curves[i].Name = w.name
				curves[i].X, curves[i].Y = append(curves[i].X, float64(level)), append(curves[i].Y, 8*float64(size)/raw)
				s.step("%s, -%d, %s", class, level, w.name)
			}
		}
		r.Figures = append(r.Figures, figure{Title: "Bits per byte by level: " + class, X: "level", Y: "bits per byte", Series: curves})
	}
	return r, nil
}
