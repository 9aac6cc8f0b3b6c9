//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/kvcache"
)

var generatedTable = &table{
	name:  "generated",
	title: "Text that a model has written",
	about: "**Lossless compression of LLM-generated text** (arXiv 2505.06297): what a model writes, it predicts. Each model goes on with a few openings, " +
		"drawing tokens by its distribution (temperature 1), by a sharper one (0.8), or taking the likeliest (greedy); the texts are compressed with " +
		"the same model, with another, by `mix` without and with the model, and by gzip. Ratios are of bytes of text to bytes of code, openings included. " +
		"By the theory the same model can do no better than what was drawn at random: at temperature 1 the entropy of its own distribution.",
	seconds: [2]int{20, 240},
	run:     generated,
}

// openings are what models go on with: beginnings of prose, logs and data.
var openings = []string{
	"The house stood at the end of the street, and nobody had lived in it for years. ",
	"When they had finished, she said that ",
	"2031-05-11 08:00:01,204 INFO [main] Starting server on port 8080\n2031-05-11 08:00:01,311 INFO ",
	"May 11 08:00:01 node-07 sshd[2113]: Accepted publickey for deploy from 10.20.0.4 port 51822\nMay 11 08:00:",
	"{\"time\":\"2031-05-11T08:00:01Z\",\"level\":\"info\",\"msg\":\"request served\",\"status\":200}\n{\"time\":",
	"package main\n\nimport (\n\t\"fmt\"\n",
	"10.20.0.4 - - [11/May/2031:08:00:01 +0000] \"GET /index.html HTTP/1.1\" 200 5120\n10.20.",
	"Dear Sir, I have received your letter of the fourth, and ",
}

// temperatures are how sharp what is drawn from is; 0: the likeliest token is taken.
var temperatures = []struct {
	name string
	t    float64
}{{"temperature 1", 1}, {"temperature 0.8", 0.8}, {"greedy", 0}}

func generated(s *study) (*report, error) {
	r := &report{}
	tokens, from, models := 1000, openings, s.models
	if s.quick {
		tokens, from, models = 250, openings[1:3], s.models[:min(2, len(s.models))]
	}
	s.plan(len(models) * len(temperatures))
	chart := figure{Title: "Compression of what a model wrote", Y: "ratio"}
	for i, m := range models {
		for _, temperature := range temperatures {
			var texts [][]byte
			for k, opening := range from {
				text, err := s.write(m, []byte(opening), tokens, temperature.t, uint64(k))
				if err != nil {
					return nil, err
				}
				texts = append(texts, text)
			}
			raw := float64(length(texts))
			part := fmt.Sprintf("Written by %s", m.name)
			chart.Labels = append(chart.Labels, m.name+", "+temperature.name)
			put := func(measure, published string, size int64) {
				r.add(row{Part: part, Name: temperature.name, Measure: measure, Published: published, Ours: raw / float64(size), Command: s.again("generated"),
					Note: grouped(int64(raw)) + " bytes"})
				chart.bar(measure, raw/float64(size))
			}
			for _, c := range []struct {
				name, published string
				method
			}{
				{"lm, the same model", "> 20", method{codec: codec.LM, model: m}},
				{"lm, the other model", "", method{codec: codec.LM, model: models[(i+1)%len(models)]}},
				{"rank-gzip, the same", "", method{codec: codec.RankGzip, model: m}},
				{"mix -6, the same", "", method{codec: codec.Mix, level: 6, price: 1, model: m}},
				{"mix -6", "", method{codec: codec.Mix, level: 6}},
			} {
				if temperature.t == 1 && c.published != "" {
					c.published += " (2505.06297, larger models)"
				} else {
					c.published = ""
				}
				size, err := s.payload(texts, c.method)
				if err != nil {
					return nil, err
				}
				put(c.name, c.published, size)
			}
			gzip, err := other{"gzip -9", gzipSize}.sizes(texts)
			if err != nil {
				return nil, err
			}
			published := ""
			if temperature.t == 1 {
				published = "~3"
			}
			put("gzip -9", published, gzip)
			if i == 0 {
				r.Samples = append(r.Samples, sampleOf(m.name+", "+temperature.name, texts[0]))
			}
			s.step("%s, %s", m.name, temperature.name)
		}
	}
	r.Figures = append(r.Figures, chart)
	return r, nil
}

func sampleOf(title string, text []byte) sample {
	return sample{title, string(bytes.ToValidUTF8(text[:min(len(text), 400)], []byte("\ufffd")))}
}

// write goes on with an opening for some tokens.
func (s *study) write(m *model, text []byte, tokens int, temperature float64, seed uint64) ([]byte, error) {
	random := rand.New(rand.NewPCG(seed, 77))
	opening, err := tokensOf(m, text)
	if err != nil {
		return nil, err
	}
	policy := usualWindow(m)
	session, err := m.NewSession(1, policy.Window)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	window, err := kvcache.NewWindow(policy, m.BOS())
	if err != nil {
		return nil, err
	}
	p := &predictor{session: session}
	pos, next := 0, window.Prime(nil)
	for i := range len(opening) + tokens {
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		if err := p.feed(pos, next...); err != nil {
			return nil, err
		}
		var token int32
		if i < len(opening) {
			token = opening[i]
		} else {
			token = p.draw(random, temperature, m.Pieces())
			text = append(text, m.Pieces()[token]...)
		}
		pos, next = window.Next(token)
	}
	return text, nil
}

// draw takes a token by the distribution sharpened, of those that have a piece.
func (p *predictor) draw(random *rand.Rand, temperature float64, pieces [][]byte) int32 {
	weights := make([]float64, len(pieces))
	best, sum := 0, 0.0
	for t, w := range p.weights() {
		if len(pieces[t]) == 0 {
			continue
		}
		if weights[t] = w; w > weights[best] {
			best = t
		}
	}
	if temperature == 0 {
		return int32(best)
	}
	top := weights[best]
	for t, w := range weights {
		if w > 0 {
			weights[t] = math.Pow(w/top, 1/temperature)
			sum += weights[t]
		}
	}
	target := random.Float64() * sum
	for t, w := range weights {
		if target -= w; target < 0 {
			return int32(t)
		}
	}
	return int32(best)
}
