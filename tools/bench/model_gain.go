//go:build unix && !386 && !arm

package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/stream"
)

// quickHead is the most bytes of a file with -quick.
const quickHead = 16 << 10

// countedModel counts the tokens that its sessions are fed.
type countedModel struct {
	lm.Model
	fed int64
}

func (m *countedModel) NewSession(lanes, window int) (lm.Session, error) {
	s, err := m.Model.NewSession(lanes, window)
	return &countedSession{s, m}, err
}

type countedSession struct {
	lm.Session
	model *countedModel
}

func (s *countedSession) Decode(ctx context.Context, feeds []lm.Feed) error {
	for _, f := range feeds {
		s.model.fed += int64(len(f.Tokens))
	}
	return s.Session.Decode(ctx, feeds)
}

// gain is what a model does to some archives of one preset.
type gain struct {
	raw, without, with int64 // bytes
	steps              int64 // tokens that the model was fed, the probe's with them
}

func (g *gain) add(o gain) {
	g.raw, g.without, g.with, g.steps = g.raw+o.raw, g.without+o.without, g.with+o.with, g.steps+o.steps
}

func openEmbedded() (lm.Model, func() error, error) {
	store := models.NewStore(models.Options{Embedded: embedded.Models()})
	m, err := store.Open(context.Background(), models.EmbeddedName, "")
	return m, store.Close, err
}

// modelGain says what the embedded model adds to a preset, so that it is not credited with what the
// mixer does.
func modelGain(o *options) error {
	m, done, err := openEmbedded()
	if err != nil {
		return err
	}
	defer done()
	files, err := corpus(o)
	if err != nil {
		return err
	}
	head := o.head
	if o.quick {
		head = min(head, quickHead)
	}
	modelSize := int64(len(embedded.Models()[0].GGUF))
	fmt.Fprintf(o.out, "## Gain of the model\n\nArchives of the first %d bytes of each file, by the same preset without a model and with the embedded one (%s, %s bytes, class %s). Steps are tokens that the model is fed. The adjusted size counts the model with the archive, as if it were sent along for this one file.\n\n",
		head, m.ID().Name, grouped(modelSize), m.ID().Class)
	t := markdown{head: []string{"file", "preset", "without, bytes", "with, bytes", "gain, %", "bits saved per byte", "steps per byte", "adjusted, bytes"}}
	if o.quick {
		files = slices.DeleteFunc(files, func(f *benchFile) bool { return !f.in("loghub-2k") && !f.in("text") })
	}
	for _, p := range o.presetsOr(6, 9) {
		gains := make(map[*benchFile]*gain)
		for _, f := range files {
			gains[f] = new(gain)
		}
		err := each(files, func(f *benchFile) error {
			data, err := f.read(o, head)
			if err != nil {
				return err
			}
			counted := &countedModel{Model: m}
			without, err := compress(data, nil, stream.WithMethod(codec.Mix), stream.WithLevel(p), stream.WithWorkers(1))
			if err != nil {
				return err
			}
			with, err := compress(data, counted, stream.WithMethod(codec.Mix), stream.WithLevel(p), stream.WithWorkers(1))
			if err != nil {
				return err
			}
			*gains[f] = gain{int64(len(data)), int64(len(without)), int64(len(with)), counted.fed}
			o.progress("model: -%d %s %+v", p, f.name, *gains[f])
			return nil
		})
		if err != nil {
			return err
		}
		for _, f := range files {
			t.gainRow(f.name, p, *gains[f], modelSize)
		}
		for _, s := range groups {
			var sum gain
			for _, f := range files {
				if s.has(f) {
					sum.add(*gains[f])
				}
			}
			if sum.raw > 0 {
				t.gainRow("**"+s.name+"**", p, sum, modelSize)
			}
		}
	}
	t.print(o.out)
	return nil
}

func (t *markdown) gainRow(name string, preset int, g gain, model int64) {
	perByte := func(n int64) string { return fmt.Sprintf("%.3f", float64(n)/float64(g.raw)) }
	t.row(name, fmt.Sprintf("-%d", preset), grouped(g.without), grouped(g.with),
		fmt.Sprintf("%.1f", 100*(1-float64(g.with)/float64(g.without))), perByte(8*(g.without-g.with)), perByte(g.steps), grouped(g.with+model))
}
