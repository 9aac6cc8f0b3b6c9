//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/lmz-go/lmz/internal/train"
)

// sample is what sample.py writes: windows of tokens, and the trainer's mean loss of each.
type sample struct {
	Nats    []float64 `json:"nats"`
	Windows [][]int32 `json:"windows"`
	Texts   []any     `json:"texts"` // none: the tokenizer is tokenizer.py's
}

func writeSample(out, folder string, windows int, o options) error {
	m, err := loadRun(out, folder)
	if err != nil {
		return err
	}
	d, err := openData(out)
	if err != nil {
		return err
	}
	s := sample{Texts: []any{}}
	for _, src := range d.Sources {
		s.Windows = append(s.Windows, d.validation(src, m.Config.Context, windows)...)
	}
	if s.Nats, err = losses(m, s.Windows, o.Kernel, o.Threads); err != nil {
		return err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	fmt.Printf("fit: %.4f nats per token over %d windows of %d\n", mean(s.Nats), len(s.Nats), m.Config.Context)
	return os.WriteFile(filepath.Join(folder, "sample.json"), text, 0o644)
}

func losses(m *train.Model, windows [][]int32, kernel string, threads int) ([]float64, error) {
	t, err := train.NewTrainer(m, train.Options{Kernel: kernel, Threads: threads})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	return t.Loss(windows)
}

func compareLoss(file, samples string, tolerance float64) error {
	m, err := train.Load(file)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(samples)
	if err != nil {
		return err
	}
	var s sample
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("%s: %w", samples, err)
	}
	for _, kernel := range []string{"amx", "avx512", "avx2", "portable"} {
		nats, err := losses(m, s.Windows, kernel, 1)
		if errors.Is(err, train.ErrKernel) {
			fmt.Printf("%-8s not on this machine\n", kernel)
			continue
		}
		if err != nil {
			return err
		}
		off := (mean(nats) - mean(s.Nats)) / mean(s.Nats)
		fmt.Printf("%-8s %.4f, sample %.4f nats per token (%+.3f %%)\n", kernel, mean(nats), mean(s.Nats), 100*off)
		if !(math.Abs(off) <= tolerance) {
			return fmt.Errorf("%s: the losses differ by more than %g %%", kernel, 100*tolerance)
		}
	}
	return nil
}

func mean(x []float64) (m float64) {
	for _, v := range x {
		m += v / float64(len(x))
	}
	return m
}
