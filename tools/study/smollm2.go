//go:build unix

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/tools/internal/cpu"
)

var smollm2Table = &table{
	name:  "smollm2",
	title: "A language model of others",
	about: "SmolLM2-135M-Instruct (Q4_1, `scripts/get-model smollm2`), which knows far more of the world than models made for this task, and is a hundred times " +
		"larger: bits per byte by method `lm`, and in `mix` at several prices of a step. Nacrith publishes with the same model in F32, ts_zip with RWKV " +
		"169M. Chunks with bytes that its tokens cannot spell are coded by zstd, as in archives. A gate only pays if what it saves is worth the steps: *steps* are tokens fed per byte, and a step takes milliseconds here.",
	seconds: [2]int{5, 3000},
	run:     smollm2,
}

// aliceText is the file that others publish figures of.
const aliceText = "alice29.txt"

func smollm2(s *study) (*report, error) {
	r := &report{}
	m, err := s.open("smollm2")
	var missing *models.NotFoundError
	if errors.As(err, &missing) {
		r.skip("SmolLM2: scripts/get-model smollm2 fetches it")
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	if s.quick {
		r.skip("SmolLM2: it takes too long for a quick run")
		return r, nil
	}
	sample, gated := s.bytes/12, s.bytes/24
	classes := slices.DeleteFunc(s.classes(), func(class string) bool { return class == "images" || class == "audio" })
	s.plan(1 + 2*len(classes) + 4*len(s.main()))
	for _, in := range s.inputs {
		if filepath.Base(in.name) == aliceText {
			for _, c := range []*model{m, s.models[0]} {
				published := ""
				if c == m {
					published = "0.918 (Nacrith, whole), 1.142 (ts_zip, whole)"
				}
				if err := s.smollm2Row(r, in.name, c.name, published, [][]byte{in.data}, method{codec: codec.LM, model: c}); err != nil {
					return nil, err
				}
			}
		}
	}
	s.step(aliceText)
	for _, class := range classes {
		for _, c := range []*model{m, s.models[0]} {
			if err := s.smollm2Row(r, class, c.name, "", s.sample(class, sample), method{codec: codec.LM, model: c}); err != nil {
				return nil, err
			}
			s.step("%s, %s", class, c.name)
		}
	}
	for _, class := range s.main() {
		texts := s.sample(class, gated)
		if err := s.smollm2Row(r, class+", mix -6", "no model", "", texts, method{codec: codec.Mix, level: 6}); err != nil {
			return nil, err
		}
		s.step("%s, no model", class)
		for _, price := range []int64{64, 8, 1} {
			if err := s.smollm2Row(r, class+", mix -6", fmt.Sprintf("a step must save %g bits", float64(price)/32), "", texts,
				method{codec: codec.Mix, level: 6, price: price, model: m}); err != nil {
				return nil, err
			}
			s.step("%s, price %d", class, price)
		}
	}
	return r, nil
}

// smollm2Row is a line of the table: what a method makes of texts.
func (s *study) smollm2Row(r *report, part, name, published string, texts [][]byte, m method) error {
	raw := float64(length(texts))
	var fed *countedModel
	if m.model != nil {
		fed = &countedModel{Model: m.model.Model}
		m.model = &model{Model: fed, name: m.model.name}
	}
	var size int64
	spent, err := cpu.Time(func() (err error) {
		size, err = s.payload(texts, m)
		return err
	})
	if err != nil {
		return err
	}
	put := func(measure, published string, ours float64, unit string) {
		r.add(row{Part: fmt.Sprintf("%s: %s bytes", part, grouped(int64(raw))), Name: name, Measure: measure, Published: published, Ours: ours, Unit: unit,
			Command: s.again("smollm2")})
	}
	put("bits per byte", published, 8*float64(size)/raw, "")
	if fed != nil {
		put("steps per byte", "", float64(fed.fed.Load())/2/raw, "")
	}
	put("bytes per CPU second", "", raw/(spent.Seconds()/2), "")
	return nil
}
