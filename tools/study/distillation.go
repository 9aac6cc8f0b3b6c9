//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/lmz-go/lmz/internal/finetune"
	"github.com/lmz-go/lmz/internal/train"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/tools/internal/cpu"
)

var distillationTable = &table{
	name:  "distillation",
	title: "A small model taught by a larger one",
	about: "**Distillation**: a model of nano's shape is trained from nothing on the beginning of each text, once by what comes next, once by what base expects " +
		"there (`fit --teacher`, the trainer of this project), once by both, with the same tokens in the same order and the same rates. What counts is how it " +
		"predicts the end of each text, which nobody was trained on. The budget is small, a few minutes: it says which way is better at the start, not where either " +
		"ends. CPU time counts, since a taught step also runs the teacher.",
	seconds: [2]int{30, 400},
	run:     distillation,
}

const (
	lessonWindows = 16 // of a step
	lessonTokens  = 256
	heldWindows   = 48 // at most
	heldPart      = 8  // one part in this many of each text is held out
)

// lessons are the tokens that models are trained on, and those that are held out, as in the models'
// files.
type lessons struct {
	bos         int32
	train, held [][]int32
	bytesOf     []int // of each token
}

func distillation(s *study) (*report, error) {
	r := &report{}
	steps := 100
	if s.quick {
		steps = 6
	}
	models := map[string]*train.Model{}
	for _, e := range embedded.Models() {
		m, err := train.Read(bytes.NewReader(e.GGUF), int64(len(e.GGUF)))
		if err != nil {
			return nil, err
		}
		models[e.Name] = m
	}
	teacher, student := s.models[0], s.models[1]
	if !slices.EqualFunc(pieceNumbers(teacher), pieceNumbers(student), bytes.Equal) {
		r.skip("distillation: the embedded models have different vocabularies")
		return r, nil
	}
	l, err := s.lessons(student)
	if err != nil {
		return nil, err
	}
	arms := []struct {
		name  string
		share float64
	}{{"alone", 0}, {"taught", 1}, {"both, half and half", 0.5}}
	s.plan(len(arms)*min(10, steps) + 2)
	part := fmt.Sprintf("Trained from nothing: %d steps of %s tokens", steps, grouped(lessonWindows*lessonTokens))
	put := func(name string, loss heldLoss, more ...row) {
		for _, m := range append([]row{
			{Measure: "nats per token, held out", Ours: loss.nats}, {Measure: "bits per byte, held out", Ours: loss.bits}}, more...) {
			m.Part, m.Name, m.Command = part, name, s.again("distillation")
			r.add(m)
		}
	}
	chart := figure{Title: "Held-out loss of a model of nano's shape", X: "steps", Y: "nats per token", Near: true}
	for _, arm := range arms {
		m, err := train.New(models[student.name].Config, 1)
		if err != nil {
			return nil, err
		}
		o := train.Options{Distill: arm.share}
		if arm.share > 0 {
			o.Teacher = models[teacher.name]
		}
		curve := series{Name: arm.name}
		spent, err := cpu.Time(func() error { return s.teach(m, o, l, steps, &curve) })
		if errors.Is(err, train.ErrNotBuilt) {
			r.skip("distillation: training needs a build with cgo")
			return r, nil
		}
		if err != nil {
			return nil, err
		}
		loss, err := l.loss(m)
		if err != nil {
			return nil, err
		}
		put(arm.name, loss, row{Measure: "CPU", Ours: spent.Seconds(), Unit: "s"})
		chart.Series = append(chart.Series, curve)
	}
	for _, m := range []*model{student, teacher} {
		loss, err := l.loss(models[m.name])
		if err != nil {
			return nil, err
		}
		put(m.name+", as released", loss)
		s.step("%s, as released", m.name)
	}
	r.Figures = append(r.Figures, chart)
	return r, nil
}

// pieceNumbers are the pieces by their number in the model's file.
func pieceNumbers(m *model) [][]byte {
	of := finetune.TokensOf(m.Model)
	list := make([][]byte, len(m.Pieces()))
	for t := range list {
		list[t] = m.Pieces()[of(int32(t))]
	}
	return list
}

// lessons turns the main classes into tokens.
func (s *study) lessons(m *model) (*lessons, error) {
	file := func(token int32) int32 { return token }
	if r, ok := m.Model.(lm.Renumbered); ok {
		file = r.FileToken
	}
	l := &lessons{bos: file(m.BOS())}
	for _, piece := range pieceNumbers(m) {
		l.bytesOf = append(l.bytesOf, len(piece))
	}
	for _, class := range s.main() {
		for _, in := range s.of(class) {
			cut := len(in.data) - len(in.data)/heldPart
			for _, part := range []struct {
				text []byte
				to   *[][]int32
			}{{in.data[:cut], &l.train}, {in.data[cut:], &l.held}} {
				tokens, err := tokensOf(m, part.text)
				if err != nil {
					return nil, err
				}
				for i, t := range tokens {
					tokens[i] = file(t)
				}
				*part.to = append(*part.to, tokens)
			}
		}
	}
	return l, nil
}

// window opens as the codecs open theirs. What is missing at its end is not predicted.
func (l *lessons) window(tokens []int32, at int) []int32 {
	w := append([]int32{l.bos}, tokens[at:min(len(tokens), at+lessonTokens)]...)
	for len(w) < 1+lessonTokens {
		w = append(w, -1)
	}
	return w
}

// teach trains a model.
func (s *study) teach(m *train.Model, o train.Options, l *lessons, steps int, curve *series) error {
	t, err := train.NewTrainer(m, o)
	if err != nil {
		return err
	}
	defer t.Close()
	random := rand.New(rand.NewPCG(9, 9))
	each := max(1, steps/10)
	for step := range steps {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		var windows [][]int32
		for range lessonWindows {
			text := l.train[random.IntN(len(l.train))]
			windows = append(windows, l.window(text, random.IntN(max(1, len(text)-lessonTokens))))
		}
		if _, err := t.Step(windows, train.Rate(step, float64(step)/float64(steps), 0.6)); err != nil {
			return err
		}
		if (step+1)%each == 0 && len(curve.X) < 10 {
			loss, err := l.loss(m)
			if err != nil {
				return err
			}
			curve.X, curve.Y = append(curve.X, float64(step+1)), append(curve.Y, loss.nats)
			s.step("%s, step %d of %d: %.3f nats", curve.Name, step+1, steps, loss.nats)
		}
	}
	return nil
}

type heldLoss struct{ nats, bits float64 }

// loss is the model's on what is held out.
func (l *lessons) loss(m *train.Model) (heldLoss, error) {
	t, err := train.NewTrainer(m, train.Options{})
	if err != nil {
		return heldLoss{}, err
	}
	defer t.Close()
	var windows [][]int32
	var counts []float64 // of tokens
	size := 0
	for _, tokens := range l.held {
		for at := 0; at < len(tokens) && len(windows) < heldWindows; at += lessonTokens {
			part := tokens[at:min(len(tokens), at+lessonTokens)]
			windows, counts = append(windows, l.window(tokens, at)), append(counts, float64(len(part)))
			for _, token := range part {
				size += l.bytesOf[token]
			}
		}
	}
	costs, err := t.Loss(windows)
	if err != nil {
		return heldLoss{}, err
	}
	nats, tokens := 0.0, 0.0
	for i, c := range costs {
		nats, tokens = nats+c*counts[i], tokens+counts[i]
	}
	return heldLoss{nats / tokens, nats / math.Ln2 / float64(size)}, nil
}
