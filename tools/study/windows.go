//go:build unix

package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/tools/internal/cpu"
)

var windowsTable = &table{
	name:  "windows",
	title: "Windows, resets and the length of the context",
	about: "**Equal-info windows** (arXiv 2404.03626) start the coder and the model afresh whenever `b` bits are full, so that each window can be read by " +
		"itself. *Model afresh* is the method `lm` with the reset policy equal-info, which keeps the coder going; *coder too* is the paper's own " +
		"count, in which every window takes `b` bits. Ratios are of bytes of text to bytes of code. Below: what a window of few tokens, or one that is " +
		"carried over a reset, costs in bits and in time; what a token costs by its place in the window, where attention looks at all tokens before it; " +
		"and that time per token stays the same however long the text is.",
	seconds: [2]int{4, 150},
	run:     windows,
}

// publishedRatios are those of 2404.03626, table of compression ratios, by bits of a window; 0: no
// resets.
var publishedRatios = map[int]string{16: "2.66", 32: "3.49", 64: "4.16", 128: "4.61", 0: "5.49"}

func windows(s *study) (*report, error) {
	r := &report{}
	long, models := 1_000_000, s.models
	if s.quick {
		long, models = 10_000, s.models[1:2]
	}
	texts := s.sample(s.main()[0], s.bytes/3)
	m := models[0]
	s.plan(5*len(models) + 16 + len(models) + 10)
	for _, m := range models {
		if err := s.equalInfoRows(r, m, texts); err != nil {
			return nil, err
		}
	}
	if err := s.overlapRows(r, m, texts); err != nil {
		return nil, err
	}
	for _, m := range models {
		if err := s.placeRows(r, m); err != nil {
			return nil, err
		}
	}
	return r, s.longRow(r, models[len(models)-1], texts, long)
}

// sample gives at most n bytes of the inputs of a class, the same of each.
func (s *study) sample(class string, n int) (texts [][]byte) {
	inputs := s.of(class)
	for _, in := range inputs {
		texts = append(texts, in.data[:min(len(in.data), n/len(inputs))])
	}
	return texts
}

func length(texts [][]byte) (n int) {
	for _, t := range texts {
		n += len(t)
	}
	return n
}

func (s *study) equalInfoRows(r *report, m *model, texts [][]byte) error {
	raw := float64(length(texts))
	usual := usualWindow(m)
	curve := series{Name: m.name}
	for _, bits := range []int{16, 32, 64, 128, 0} {
		way := method{codec: codec.LM, model: m, window: kvcache.Policy{Reset: kvcache.EqualInfo, Window: usual.Window, Bits: bits}}
		name := fmt.Sprintf("b = %d", bits)
		if bits == 0 {
			way.window, name = usual, "none"
		}
		part := "Equal-info windows, model " + m.name
		var size int64
		spent, err := cpu.Time(func() (err error) {
			size, err = s.payload(texts, way)
			return err
		})
		if err != nil {
			return err
		}
		put := func(measure, published string, ours float64, unit string) {
			r.add(row{Part: part, Name: name, Measure: measure, Published: published, Ours: ours, Unit: unit, Command: s.again("windows")})
		}
		put("ratio, model afresh", "", raw/float64(size), "")
		both := raw / float64(size)
		if bits > 0 {
			n := 0
			for _, t := range texts {
				w, err := equalInfo(m, usual.Window, t, bits)
				if err != nil {
					return err
				}
				n += w
			}
			both = raw / (float64(n) * float64(bits) / 8)
			put("bytes of text in a window", "", raw/float64(n), "")
			curve.X, curve.Y = append(curve.X, float64(bits)), append(curve.Y, both)
		}
		put("ratio, coder too", publishedRatios[bits], both, "")
		put("speed", "", raw/1e3/(spent.Seconds()/2), "KB/s of a core")
		s.step("%s, %s", m.name, name)
	}
	if len(r.Figures) == 0 {
		r.Figures = append(r.Figures, figure{Title: "Equal-info windows: ratio by bits of a window", X: "bits of a window", Y: "ratio", LogX: true,
			Series: []series{{Name: "published", X: []float64{16, 32, 64, 128}, Y: []float64{2.66, 3.49, 4.16, 4.61}}}})
	}
	r.Figures[0].Series = append(r.Figures[0].Series, curve)
	return nil
}

// equalInfo counts windows that begin without context and end before the token with which they
// would take more than some bits. A token that takes more by itself has as many windows as it
// needs.
func equalInfo(m *model, window int, text []byte, bits int) (windows int, err error) {
	tokens, err := tokensOf(m, text)
	if err != nil {
		return 0, err
	}
	session, err := m.NewSession(1, window)
	if err != nil {
		return 0, err
	}
	defer session.Close()
	p := predictor{session: session}
	budget := float64(bits)
	spent, pos := 0.0, 0
	for i := 0; i < len(tokens); {
		if pos == 0 || pos == window {
			if err := p.feed(0, m.BOS()); err != nil {
				return 0, err
			}
			pos = 1
		}
		cost := p.bits(tokens[i])
		if spent > 0 && spent+cost > budget {
			windows++
			spent, pos = 0, 0
			continue
		}
		for ; cost > budget; cost -= budget {
			windows++
		}
		spent += cost
		if i++; i < len(tokens) && pos < window {
			if err := p.feed(pos, tokens[i-1]); err != nil {
				return 0, err
			}
			pos++
		}
	}
	if spent > 0 {
		windows++
	}
	return windows, nil
}

// predictor asks a session of one lane, and says what tokens cost.
type predictor struct {
	session lm.Session
	cdf     coder.CDF
}

func (p *predictor) feed(pos int, tokens ...int32) error {
	if err := p.session.Decode(context.Background(), []lm.Feed{{Pos: pos, Tokens: tokens}}); err != nil {
		return err
	}
	row := p.session.Logits(0)
	if row.Fixed != nil {
		p.cdf.SetFixed(row.Fixed)
		return nil
	}
	return p.cdf.Set(row.Float)
}

func (p *predictor) bits(token int32) float64 {
	_, freq := p.cdf.Symbol(int(token))
	return math.Log2(float64(p.cdf.Total())) - math.Log2(float64(freq))
}

// rank is the number of tokens that are likelier.
func (p *predictor) rank(token int32) (rank int) {
	row := p.session.Logits(0)
	if row.Fixed != nil {
		return above(row.Fixed, token)
	}
	return above(row.Float, token)
}

func above[T int32 | float32](row []T, token int32) (n int) {
	for _, v := range row {
		if v > row[token] {
			n++
		}
	}
	return n
}

// weights are what the tokens weigh, in any unit.
func (p *predictor) weights() []float64 {
	var row []float64
	for _, v := range p.session.Logits(0).Nats() {
		row = append(row, float64(v)*math.Log2E)
	}
	top := slices.Max(row)
	for i, v := range row {
		row[i] = math.Exp2(v - top)
	}
	return row
}

func tokensOf(m *model, text []byte) (tokens []int32, err error) {
	vocabulary, err := coder.NewVocabulary(m)
	for err == nil && len(text) > 0 {
		tokens, text, err = vocabulary.AppendTokens(tokens, text)
	}
	return tokens, err
}

// overlapRows are of windows of several lengths, of which several parts are kept over a reset.
func (s *study) overlapRows(r *report, m *model, texts [][]byte) error {
	raw := float64(length(texts))
	most := usualWindow(m).Window
	bits := figure{Title: "Bits by window and overlap, " + m.name, X: "window, tokens", Y: "bits per byte", LogX: true, Near: true}
	times := figure{Title: "Time by window and overlap, " + m.name, X: "window, tokens", Y: "CPU µs per byte", LogX: true}
	for _, part := range []int{0, 8, 4, 2} { // 1/part of the window
		label := "nothing kept"
		if part > 0 {
			label = fmt.Sprintf("1/%d kept", part)
		}
		b, t := series{Name: label}, series{Name: label}
		for window := most / 8; window <= most; window *= 2 {
			p := kvcache.Policy{Reset: kvcache.Hard, Window: window}
			if part > 0 {
				p.Reset, p.Overlap = kvcache.Overlap, min(window/part, (window-1)/2)
			}
			var size int64
			spent, err := cpu.Time(func() (err error) {
				size, err = s.payload(texts, method{codec: codec.LM, model: m, window: p})
				return err
			})
			if err != nil {
				return err
			}
			b.X, b.Y = append(b.X, float64(window)), append(b.Y, 8*float64(size)/raw)
			t.X, t.Y = append(t.X, float64(window)), append(t.Y, spent.Seconds()*1e6/2/raw)
			put := func(what string, ours float64) {
				r.add(row{Part: what + ", model " + m.name, Name: fmt.Sprintf("%d tokens", window), Measure: label, Ours: ours, Command: s.again("windows")})
			}
			put("Windows and overlaps: bits per byte", b.Y[len(b.Y)-1])
			put("Windows and overlaps: CPU µs per byte, one direction", t.Y[len(t.Y)-1])
			s.step("window %d, %s", window, label)
		}
		bits.Series, times.Series = append(bits.Series, b), append(times.Series, t)
	}
	r.Figures = append(r.Figures, bits, times)
	return nil
}

// placeRows are of what a token takes at the beginning and at the end of a window.
func (s *study) placeRows(r *report, m *model) error {
	const buckets, rounds = 16, 32
	window := usualWindow(m).Window
	session, err := m.NewSession(1, window)
	if err != nil {
		return err
	}
	defer session.Close()
	each := window / buckets
	curve := series{Name: m.name}
	var took [buckets]time.Duration
	for range rounds {
		for b := range buckets {
			spent, err := cpu.Time(func() error {
				for pos := b * each; pos < (b+1)*each; pos++ {
					if err := session.Decode(s.ctx, []lm.Feed{{Pos: pos, Tokens: []int32{int32(pos) % 64}}}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			if took[b] == 0 || spent < took[b] {
				took[b] = spent
			}
		}
	}
	for b := range buckets {
		curve.X = append(curve.X, (float64(b)+0.5)*float64(each))
		curve.Y = append(curve.Y, took[b].Seconds()*1e6/float64(each))
	}
	put := func(measure string, ours float64) {
		r.add(row{Part: "A token by its place in the window", Name: m.name, Measure: measure, Ours: ours, Command: s.again("windows"),
			Note: fmt.Sprintf("of %d tokens, one lane", window)})
	}
	put("first 16th, µs", curve.Y[0])
	put("last 16th, µs", curve.Y[buckets-1])
	at, slope := stat.LinearRegression(curve.X, curve.Y, nil, false)
	if slope > 0 {
		put("a millionth token without resets, ms", (at+slope*1e6)/1e3)
	}
	figure := figure{Title: "Time of a token by its place in the window", X: "place in the window", Y: "CPU µs", Series: []series{curve}}
	for i := range r.Figures {
		if r.Figures[i].Title == figure.Title {
			r.Figures[i].Series = append(r.Figures[i].Series, curve)
			s.step("places, %s", m.name)
			return nil
		}
	}
	r.Figures = append(r.Figures, figure)
	s.step("places, %s", m.name)
	return nil
}

// longRow is of a text of very many tokens, in one chunk.
func (s *study) longRow(r *report, m *model, texts [][]byte, n int) error {
	const parts = 10
	var tokens []int32
	for _, t := range texts {
		some, err := tokensOf(m, t)
		if err != nil {
			return err
		}
		tokens = append(tokens, some...)
	}
	curve := series{Name: m.name}
	done := false
	err := s.work(method{codec: codec.LM, model: m}, 1, func(bool) (func(*coder.Lane) error, bool) {
		if done {
			return nil, false
		}
		done = true
		return func(l *coder.Lane) error {
			if _, err := l.Start(usualWindow(m), nil); err != nil {
				return err
			}
			for part := range parts {
				spent, err := cpu.Time(func() error {
					for i := range n / parts {
						if _, err := l.Predict(tokens[(part*n/parts+i)%len(tokens)]); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
				curve.X = append(curve.X, float64(part+1)*float64(n)/parts)
				curve.Y = append(curve.Y, spent.Seconds()*1e6/float64(n/parts))
				s.step("%d of %d tokens", (part+1)*n/parts, n)
			}
			return nil
		}, true
	})
	if err != nil {
		return err
	}
	for _, p := range []int{0, parts - 1} {
		r.add(row{Part: "A long text, model " + m.name, Name: fmt.Sprintf("%s tokens in one chunk, one lane", grouped(int64(n))),
			Measure: fmt.Sprintf("tenth %d, µs per token", p+1), Ours: curve.Y[p], Command: s.again("windows")})
	}
	r.Figures = append(r.Figures, figure{Title: "Time per token along a long text", X: "tokens", Y: "CPU µs per token", Series: []series{curve}})
	return nil
}
