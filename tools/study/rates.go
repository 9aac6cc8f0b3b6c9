//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/lmz-go/lmz/codec"
)

var ratesTable = &table{
	name:  "rates",
	title: "Raw and adjusted rates",
	about: "Compressed size as a part of the original, as in **Language Modeling Is Compression** (arXiv 2309.10668): in chunks of 2048 bytes, each " +
		"coded by itself, and whole files. The *adjusted* rate counts the model with the output, by the size of its file or at 2 bytes a parameter: " +
		"for the files here, and for 1 GB at the same raw rate, which is what the paper has. Payloads without a container; everything was decoded again. " +
		"Pictures are grey patches of 32 x 64 pixels, sound has 8 bits at 16 kHz; published are their figures for enwik9, ImageNet and LibriSpeech.",
	seconds: [2]int{25, 400},
	run:     rates,
}

const (
	chunkSize = 2048 // bytes
	gigabyte  = 1e9
)

// publishedRates are those of 2309.10668 in per cent, for chunks and whole files, by class and
// compressor.
var publishedRates = map[string]map[string][2]string{
	"text": {
		"gzip -9":        {"48.1 (enwik9)", "32.3 (enwik9)"},
		"LZMA2 (xz -9e)": {"50.0 (enwik9)", "23.0 (enwik9)"},
		"lm, nano":       {"21.7 (enwik9, 0.8 M parameters)", ""},
		"lm, base":       {"17.0 (enwik9, 3.2 M parameters)", ""},
	},
	"images": {"PNG": {"", "58.5 (ImageNet)"}, "lm, base": {"48.0 (ImageNet, Chinchilla 70B)", ""}},
	"audio":  {"FLAC -8": {"", "30.9 (LibriSpeech)"}, "lm, base": {"21.0 (LibriSpeech, Chinchilla 70B)", ""}},
}

// contender is what is compared, and what it weighs.
type contender struct {
	name       string
	size       func(texts [][]byte) (int64, error)
	file       int64 // bytes of what must be had to decode, beside a program
	parameters int64 // of a model
}

func rates(s *study) (*report, error) {
	r := &report{}
	knowledge, err := mixKnowledge()
	if err != nil {
		return nil, err
	}
	classes := s.classes()
	s.plan(len(classes))
	chart := figure{Title: "Raw rates of whole files", Y: "per cent of the original"}
	for _, class := range classes {
		inputs := s.of(class)
		texts := textsOf(inputs)
		raw := float64(total(inputs))
		part := fmt.Sprintf("%s: %s bytes", class, grouped(total(inputs)))
		chart.Labels = append(chart.Labels, class)
		for _, c := range s.contenders(class, knowledge, r) {
			chunked, err := c.size(pieces(texts, chunkSize))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			whole, err := c.size(texts)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			published := publishedRates[class][c.name]
			put := func(measure, published string, rate float64) {
				r.add(row{Part: part, Name: c.name, Measure: measure, Published: published, Ours: 100 * rate, Unit: "%", Command: s.again("rates")})
			}
			chunkRate, wholeRate := float64(chunked)/raw, float64(whole)/raw
			put("chunks of 2048", published[0], chunkRate)
			put("whole", published[1], wholeRate)
			put("whole, adjusted", "", wholeRate+float64(c.file)/raw)
			put("chunks, 1 GB, adjusted", publishedAdjusted(class, c.name), chunkRate+float64(c.file)/gigabyte)
			put("chunks, 1 GB, 2 B/parameter", "", chunkRate+float64(2*c.parameters)/gigabyte)
			chart.bar(c.name, 100*wholeRate)
		}
		s.step("%s", class)
	}
	r.Figures = append(r.Figures, chart)
	return r, nil
}

func publishedAdjusted(class, name string) string {
	if class == "text" && name == "lm, base" {
		return "17.7 (enwik9); 1408.9 (Llama 2 7B)"
	}
	return ""
}

// contenders are the compressors of others, and methods with each model.
func (s *study) contenders(class string, knowledge int64, r *report) []contender {
	var list []contender
	for _, o := range s.others(class, r) {
		list = append(list, contender{name: o.name, size: o.sizes})
	}
	own := func(name string, m method) {
		c := contender{name: name, size: func(texts [][]byte) (int64, error) { return s.payload(texts, m) }}
		if m.codec == codec.Mix {
			c.file = knowledge
		}
		if m.model != nil {
			c.file, c.parameters = c.file+m.model.bytes, m.model.parameters
		}
		list = append(list, c)
	}
	own("mix -6", method{codec: codec.Mix, level: 6})
	for _, m := range s.models {
		own("lm, "+m.name, method{codec: codec.LM, model: m})
	}
	own("mix -6, "+s.models[0].name, method{codec: codec.Mix, level: 6, model: s.models[0]})
	return list
}

// mixKnowledge is the size in bytes of what the method mix knows before it has seen anything: the
// text that it starts from, and weights. It is part of the program.
func mixKnowledge() (size int64, err error) {
	root, err := projectRoot()
	if err != nil {
		return 0, err
	}
	for _, pattern := range []string{"*.zst", "learnt/*"} {
		files, err := filepath.Glob(filepath.Join(root, "internal/mix", pattern))
		if err != nil {
			return 0, err
		}
		for _, f := range files {
			info, err := os.Stat(f)
			if err != nil {
				return 0, err
			}
			size += info.Size()
		}
	}
	if size == 0 {
		err = fmt.Errorf("nothing that the method mix starts from is in %s/internal/mix", root)
	}
	return size, err
}
