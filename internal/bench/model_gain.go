package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/stream"
)

// quickHead is the most bytes of a file with -quick.
const quickHead = 16 << 10

func openEmbedded() (codec.Model, func() error, error) {
	store := models.NewStore(models.Options{Backend: models.LibLlama{}})
	m, err := store.Open(context.Background(), models.EmbeddedName, "")
	return m, store.Close, err
}

// modelGain says what the embedded model adds to a preset, so that it is not credited with what the mixer does.
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
	modelSize := int64(len(models.Embedded()))
	fmt.Fprintf(o.out, "## Gain of the model\n\nArchives of the first %d bytes of each file, by the same preset without a model and with the embedded one (%s, %s bytes, class %s). The adjusted size counts the model with the archive, as if it were sent along for this one file.\n\n",
		head, m.ID().Name, grouped(modelSize), m.ID().Class)
	t := markdown{head: []string{"file", "preset", "without, bytes", "with, bytes", "gain, %", "adjusted, bytes"}}
	if o.quick {
		files = slices.DeleteFunc(files, func(f *benchFile) bool { return !f.in("loghub-2k") && !f.in("text") })
	}
	for _, p := range o.presetsOr(6, 9) {
		sizes := make(map[*benchFile]*[2]int64) // without, with
		for _, f := range files {
			sizes[f] = new([2]int64)
		}
		err := each(files, func(f *benchFile) error {
			data, err := f.read(o, head)
			if err != nil {
				return err
			}
			for i, model := range []codec.Model{nil, m} {
				archive, err := compress(data, model, stream.WithMethod(codec.Mix), stream.WithLevel(p), stream.WithWorkers(1))
				if err != nil {
					return err
				}
				sizes[f][i] = int64(len(archive))
			}
			o.progress("model: -%d %s %d %d", p, f.name, sizes[f][0], sizes[f][1])
			return nil
		})
		if err != nil {
			return err
		}
		var without, with int64
		for _, f := range files {
			t.gainRow(f.name, p, sizes[f][0], sizes[f][1], modelSize)
			without, with = without+sizes[f][0], with+sizes[f][1]
		}
		t.gainRow("**sum**", p, without, with, modelSize)
	}
	t.print(o.out)
	return nil
}

func (t *markdown) gainRow(name string, preset int, without, with, model int64) {
	t.row(name, fmt.Sprintf("-%d", preset), grouped(without), grouped(with),
		fmt.Sprintf("%.1f", 100*(1-float64(with)/float64(without))), grouped(with+model))
}
