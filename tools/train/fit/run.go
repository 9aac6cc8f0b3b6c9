//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"github.com/lmz-go/lmz/internal/train"
)

const saveSeconds = 120

// progress is what a run's checkpoint has beside the trainer's state.
type progress struct {
	Tokens  int     `json:"tokens"`
	Seconds float64 `json:"seconds"`
	Random  []byte  `json:"random"`
}

// session is one run of the command.
type session struct {
	o       options
	folder  string
	data    *data
	phases  []phase
	model   *train.Model
	trainer *train.Trainer
	source  *rand.PCG
	random  *rand.Rand
	done    progress
}

func checkpoint(folder string) string { return filepath.Join(folder, "checkpoint") }

func newModel(out string, o options, d *data, list []phase) (*train.Model, error) {
	if o.Init != "" {
		return train.Load(o.Init)
	}
	longest := 0
	for _, p := range list {
		longest = max(longest, p.length)
	}
	m, err := train.New(train.Config{Vocab: int(d.BOS) + 1, Width: o.Width, Layers: o.Layers, Heads: o.Heads, KVHeads: o.KVHeads, FFN: o.FFN,
		Context: longest, Tied: o.Tied}, o.Seed)
	if err != nil {
		return nil, err
	}
	m.Metadata, err = vocabulary(out)
	return m, err
}

func run(out, folder string, o options, stop <-chan os.Signal) error {
	s := &session{o: o, folder: folder, source: rand.NewPCG(o.Seed, 1)}
	s.random = rand.New(s.source)
	var err error
	if s.phases, err = phases(o.Phases); err != nil {
		return err
	}
	if s.data, err = openData(out); err != nil {
		return err
	}
	if s.model, err = newModel(out, o, s.data, s.phases); err != nil {
		return err
	}
	choice := train.Options{Kernel: o.Kernel, Threads: o.Threads, MuonRate: o.MuonRate, AdamRate: o.AdamRate, Decay: o.Decay}
	if o.Teacher != "" {
		choice.Distill = o.Distill
		if choice.Teacher, err = train.Load(o.Teacher); err != nil {
			return err
		}
	}
	if s.trainer, err = train.NewTrainer(s.model, choice); err != nil {
		return err
	}
	defer s.trainer.Close()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := s.resume(); err != nil {
		return err
	}
	s.log(entry{"parameters": s.model.Config.Parameters(), "options": o, "kernel": s.trainer.Kernel(), "go": runtime.Version()})
	return s.train(stop)
}

func (s *session) resume() error {
	f, err := os.Open(checkpoint(s.folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	extra, err := s.trainer.LoadState(f)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(extra, &s.done); err != nil {
		return err
	}
	return s.source.UnmarshalBinary(s.done.Random)
}

func (s *session) save() error {
	s.done.Random, _ = s.source.MarshalBinary()
	extra, err := json.Marshal(s.done)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := s.trainer.SaveState(&b, extra); err != nil {
		return err
	}
	return renameio.WriteFile(checkpoint(s.folder), b.Bytes(), 0o644)
}

func (s *session) share() float64 {
	return max(float64(s.done.Tokens)/s.o.Tokens, s.done.Seconds/60/s.o.Minutes)
}

func (s *session) phase(share float64) phase {
	for _, p := range s.phases {
		if share < p.until {
			return p
		}
	}
	return s.phases[len(s.phases)-1]
}

func (s *session) train(stop <-chan os.Signal) error {
	saved, validated, mark := s.done.Seconds, s.done.Seconds, time.Now()
	var sum, divergence float64
	count := 0
	for share := s.share(); share < 1; share = s.share() {
		select {
		case <-stop:
			return s.save()
		default:
		}
		p := s.phase(share)
		rate := train.Rate(s.trainer.Steps(), share, s.o.Stable)
		cost, err := s.trainer.Step(s.data.batch(s.random, p.batch, p.length), rate)
		if err != nil {
			return err
		}
		if math.IsNaN(cost.Nats) || math.IsInf(cost.Nats, 0) {
			return fmt.Errorf("the loss is %v at step %d: try lower rates", cost.Nats, s.trainer.Steps())
		}
		sum, divergence, count = sum+cost.Nats, divergence+cost.Divergence, count+1
		s.done.Tokens += p.batch * p.length
		now := time.Now()
		s.done.Seconds, mark = s.done.Seconds+now.Sub(mark).Seconds(), now
		if s.trainer.Steps()%s.o.LogSteps == 0 {
			e := entry{"loss": round(sum / float64(count)), "rate": round(rate), "progress": round(share)}
			if s.o.Teacher != "" {
				e["divergence"] = round(divergence / float64(count))
			}
			s.log(e)
			sum, divergence, count = 0, 0, 0
		}
		if s.done.Seconds-saved > saveSeconds {
			saved = s.done.Seconds
			if err := s.save(); err != nil {
				return err
			}
		}
		if s.done.Seconds-validated > 60*s.o.Validate {
			validated = s.done.Seconds
			if err := s.validate(p.length, 4); err != nil {
				return err
			}
		}
	}
	if err := s.save(); err != nil {
		return err
	}
	return s.validate(s.phases[len(s.phases)-1].length, 8)
}

// validate logs nats per token and bits per byte by source; categories and the whole are means
// weighted as training is.
func (s *session) validate(length, windows int) error {
	type mean struct{ weight, nats, bits float64 }
	groups, sources := map[string]*mean{}, map[string][2]float64{}
	for _, src := range s.data.Sources {
		w := s.data.validation(src, length, windows)
		if len(w) == 0 {
			continue
		}
		costs, err := s.trainer.Loss(w)
		if err != nil {
			return err
		}
		nats := 0.0
		for _, c := range costs {
			nats += c / float64(len(costs))
		}
		bits := nats / math.Ln2 / src.bytesPerToken()
		sources[src.Name] = [2]float64{round(nats), round(bits)}
		for _, key := range []string{src.Category, "all"} {
			if groups[key] == nil {
				groups[key] = new(mean)
			}
			g := groups[key]
			g.weight, g.nats, g.bits = g.weight+src.Weight, g.nats+src.Weight*nats, g.bits+src.Weight*bits
		}
	}
	means := map[string][2]float64{}
	for key, g := range groups {
		means[key] = [2]float64{round(g.nats / g.weight), round(g.bits / g.weight)}
	}
	s.log(entry{"validation": means, "length": length, "sources": sources})
	return nil
}

type entry map[string]any

// log appends to RUN/log.jsonl and prints the short form.
func (s *session) log(e entry) {
	e["step"], e["tokens"], e["seconds"] = s.trainer.Steps(), s.done.Tokens, int(s.done.Seconds)
	line, _ := json.Marshal(e)
	f, err := os.OpenFile(filepath.Join(s.folder, "log.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		f.Write(append(line, '\n'))
		err = f.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fit: log.jsonl:", err)
	}
	delete(e, "sources")
	line, _ = json.Marshal(e)
	fmt.Println(strings.TrimSpace(string(line)))
}

func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }
