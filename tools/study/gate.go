//go:build unix

package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/tools/internal/cpu"
)

// gateLevel is the level of mix whose gate is tried at other prices than its own.
const gateLevel = 6

// gatePrices are what a step of the model must save in 1/32 of a bit; 0: there is no model.
func gatePrices(s *study) []int64 {
	if s.quick {
		return []int64{0, 16, 1}
	}
	return []int64{0, 256, 64, 32, 16, 8, 4, 2, 1}
}

// gateRows are of the bits that the model saves by the steps that it is given: the same archive can
// be had at any speed between the mixer's and the model's.
func (s *study) gateRows(r *report) error {
	sample := s.bytes / 6
	chart := figure{Title: "The gate: bits by steps of the model", X: "steps of the model per byte", Y: "bits per byte"}
	m := s.models[0]
	for _, class := range s.main() {
		texts := s.sample(class, sample)
		raw := float64(length(texts))
		curve := series{Name: class}
		for _, price := range gatePrices(s) {
			counted := &countedModel{Model: m.Model}
			way := method{codec: codec.Mix, level: gateLevel, price: price}
			name := "no model"
			if price > 0 {
				way.model = &model{Model: counted}
				name = fmt.Sprintf("a step must save %g bits", float64(price)/32)
			}
			var size int64
			spent, err := cpu.Time(func() (err error) {
				size, err = s.payload(texts, way)
				return err
			})
			if err != nil {
				return err
			}
			put := func(measure string, ours float64) {
				r.add(row{Part: fmt.Sprintf("The gate at -%d, model %s, %s: %s bytes", gateLevel, m.name, class, grouped(int64(raw))), Name: name,
					Measure: measure, Ours: ours, Command: s.again("directions")})
			}
			bits, steps := 8*float64(size)/raw, float64(counted.fed.Load())/2/raw // there and back
			put("bits per byte", bits)
			put("steps of the model per byte", steps)
			put("CPU µs per byte, one direction", spent.Seconds()*1e6/2/raw)
			curve.X, curve.Y = append(curve.X, steps), append(curve.Y, bits)
			s.step("gate, %s, %s", class, name)
		}
		chart.Series = append(chart.Series, curve)
	}
	r.Figures = append(r.Figures, chart)
	return nil
}

// countedModel counts the tokens that its sessions are fed.
type countedModel struct {
	lm.Model
	fed atomic.Int64
}

func (m *countedModel) NewSession(lanes, window int) (lm.Session, error) {
	s, err := m.Model.NewSession(lanes, window)
	return countedSession{s, m}, err
}

type countedSession struct {
	lm.Session
	model *countedModel
}

func (s countedSession) Decode(ctx context.Context, feeds []lm.Feed) error {
	for _, f := range feeds {
		s.model.fed.Add(int64(len(f.Tokens)))
	}
	return s.Session.Decode(ctx, feeds)
}
