//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/lmz-go/lmz/internal/finetune"
	"github.com/lmz-go/lmz/lm"
)

// sample is what sample.py writes.
type sample struct {
	Nats    []float64 // mean per window
	Windows [][]int32
	Texts   []struct {
		Text   string
		Tokens []int32
	}
}

// compare fails when the engine tokenizes a text otherwise than the trainer did, or when its mean
// loss is further from the trainer's than tolerance.
func compare(m lm.Model, file string, tolerance float64) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var s sample
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	token := finetune.TokensOf(m) // the trainer has the numbers of the file
	for _, text := range s.Texts {
		tokens, err := m.Tokenize([]byte(text.Text))
		if err != nil {
			return err
		}
		for i, t := range text.Tokens {
			text.Tokens[i] = token(t)
		}
		if !slices.Equal(tokens, text.Tokens) {
			return fmt.Errorf("tokens differ for %.60q: the engine has %v, the trainer %v", text.Text, head(tokens), head(text.Tokens))
		}
	}
	fmt.Printf("tokens: %d texts, equal\n", len(s.Texts))

	var mean, want, worst float64
	for i, window := range s.Windows {
		for j, t := range window {
			window[j] = token(t)
		}
		nats, err := windowLoss(m, window)
		if err != nil {
			return err
		}
		mean += nats / float64(len(s.Windows))
		want += s.Nats[i] / float64(len(s.Windows))
		worst = max(worst, math.Abs(nats-s.Nats[i]))
	}
	off := (mean - want) / want
	fmt.Printf("loss: engine %.4f, trainer %.4f nats per token (%+.2f %%); worst window off by %.4f\n", mean, want, 100*off, worst)
	if !(math.Abs(off) <= tolerance) {
		return fmt.Errorf("the losses differ by more than %g %%", 100*tolerance)
	}
	return nil
}

func windowLoss(m lm.Model, window []int32) (float64, error) {
	s, err := m.NewSession(1, max(1, len(window)-1))
	if err != nil {
		return 0, err
	}
	defer s.Close()
	sum, err := score(s, window, 1, false)
	return sum / float64(len(window)-1), err
}

func head(tokens []int32) []int32 { return tokens[:min(len(tokens), 24)] }
