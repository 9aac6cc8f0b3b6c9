//go:build unix

package main

import (
	"fmt"
	"math"
	"slices"

	_ "github.com/lmz-go/lmz/brotli" // the method rank-brotli
	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/kvcache"
)

var ranksTable = &table{
	name:  "ranks",
	title: "Ranks of tokens against arithmetic coding",
	about: "**AlphaZip** (arXiv 2409.15046) codes of each token only its rank among those that the model expects, and the ranks by gzip, Brotli or an " +
		"adaptive Huffman code: methods `rank-…`. Method `lm` codes the same tokens, by the same distributions of the same model, with an arithmetic coder; " +
		"`mix` mixes the model's opinion with contexts. Whole texts, payloads without a container, all decoded again. Below, what is lost where: the entropy of " +
		"the ranks by themselves is the least that any coder without context can make of them.",
	seconds: [2]int{25, 300},
	run:     ranks,
}

func ranks(s *study) (*report, error) {
	r := &report{}
	sample := s.bytes / 3
	classes := slices.DeleteFunc(s.classes(), func(class string) bool { return class == "images" || class == "audio" })
	if s.quick {
		classes = s.main()
	}
	s.plan(len(classes) * (1 + 2*len(s.models)))
	chart := figure{Title: "The model's ranks and its probabilities, " + s.models[0].name, Y: "per cent of the original"}
	for _, class := range classes {
		texts := s.sample(class, sample)
		raw := float64(length(texts))
		chart.Labels = append(chart.Labels, class)
		gzip, err := other{"gzip -9", gzipSize}.sizes(texts)
		if err != nil {
			return nil, err
		}
		plain, err := s.payload(texts, method{codec: codec.Mix, level: 6})
		if err != nil {
			return nil, err
		}
		s.step("%s, without a model", class)
		for i, m := range s.models {
			part := fmt.Sprintf("%s: %s bytes, model %s", class, grouped(int64(raw)), m.name)
			arithmetic, err := s.payload(texts, method{codec: codec.LM, model: m})
			if err != nil {
				return nil, err
			}
			put := func(name, published string, size int64) {
				for _, f := range []row{
					{Measure: "of the original", Ours: float64(size) / raw},
					{Measure: "less than gzip", Published: published, Ours: 1 - float64(size)/float64(gzip)},
					{Measure: "more than lm", Ours: float64(size)/float64(arithmetic) - 1},
				} {
					f.Part, f.Name, f.Ours, f.Unit, f.Command = part, name, 100*f.Ours, "%", s.again("ranks")
					r.add(f)
				}
				if i == 0 {
					chart.bar(name, 100*float64(size)/raw)
				}
			}
			put("gzip -9", "", gzip)
			for _, c := range []struct {
				codec     codec.Method
				published string
			}{{codec.RankHuffman, ""}, {codec.RankGzip, "up to 57"}, {codec.RankBrotli, ""}} {
				size, err := s.payload(texts, method{codec: c.codec, model: m})
				if err != nil {
					return nil, err
				}
				put(c.codec.String(), c.published, size)
			}
			put("lm", "", arithmetic)
			put("mix -6", "", plain)
			mixed, err := s.payload(texts, method{codec: codec.Mix, level: 6, price: 1, model: m})
			if err != nil {
				return nil, err
			}
			put("mix -6, and the model", "", mixed)
			s.step("%s, %s", class, m.name)
			if err := s.rankRows(r, class, m, texts); err != nil {
				return nil, err
			}
			s.step("%s, what ranks %s gives", class, m.name)
		}
	}
	r.Figures = append(r.Figures, chart)
	return r, nil
}

// rankRows are of the ranks themselves.
func (s *study) rankRows(r *report, class string, m *model, texts [][]byte) error {
	count := make(map[int]float64)
	tokens, bits := 0.0, 0.0
	for _, text := range texts {
		if err := s.predicted(m, text, func(p *predictor, token int32) {
			count[p.rank(token)]++
			bits += p.bits(token)
			tokens++
		}); err != nil {
			return err
		}
	}
	entropy := 0.0
	for _, n := range count {
		entropy -= n / tokens * math.Log2(n/tokens)
	}
	put := func(measure string, ours float64, unit string) {
		r.add(row{Part: "What the ranks are", Name: class + ", " + m.name, Measure: measure, Ours: ours, Unit: unit, Command: s.again("ranks")})
	}
	put("tokens of rank 0", 100*count[0]/tokens, "%")
	put("bits of a token by the model", bits/tokens, "")
	put("entropy of a rank", entropy, "bits")
	put("lost by taking ranks", 100*(entropy/(bits/tokens)-1), "%")
	return nil
}

// predicted goes through the tokens of a text with the window that archives have, and says of each
// what the model expects.
func (s *study) predicted(m *model, text []byte, visit func(p *predictor, token int32)) error {
	tokens, err := tokensOf(m, text)
	if err != nil {
		return err
	}
	policy := usualWindow(m)
	session, err := m.NewSession(1, policy.Window)
	if err != nil {
		return err
	}
	defer session.Close()
	p := &predictor{session: session}
	window, err := kvcache.NewWindow(policy, m.BOS())
	if err != nil {
		return err
	}
	pos, next := 0, window.Prime(nil)
	for _, token := range tokens {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if err := p.feed(pos, next...); err != nil {
			return err
		}
		visit(p, token)
		pos, next = window.Next(token)
	}
	return nil
}
