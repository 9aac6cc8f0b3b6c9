//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lmz-go/lmz/lm"
)

// reportSpeed prints how many tokens of a file the engine predicts per second of CPU time, one
// core, lanes windows in lockstep from empty to full, as the codecs use it; and the bytes that they
// stand for.
func reportSpeed(m lm.Model, files []string, lanes, limit int) error {
	window := m.ContextLength()
	s, err := m.NewSession(lanes, window)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Println("| file | lanes | tokens/s | KB/s |")
	fmt.Println("|---|---|---|---|")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		text = text[:min(limit, len(text))]
		tokens, err := m.Tokenize(text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		var best float64
		for range 3 {
			rate, err := lockstep(s, m.BOS(), tokens, lanes, window)
			if err != nil {
				return err
			}
			best = max(best, rate)
		}
		perToken := float64(len(text)) / float64(len(tokens))
		fmt.Printf("| %s | %d | %.0f | %.1f |\n", filepath.Base(file), lanes, best, best*perToken/1e3)
	}
	return nil
}

// lockstep is tokens per second of CPU time.
func lockstep(s lm.Session, bos int32, tokens []int32, lanes, window int) (float64, error) {
	ctx := context.Background()
	feeds := make([]lm.Feed, lanes)
	start := cpuTime()
	var sum float32
	for pos := range window {
		for lane := range feeds {
			token := bos
			if pos > 0 {
				token = tokens[(lane*window+pos)%len(tokens)]
			}
			feeds[lane] = lm.Feed{Lane: lane, Pos: pos, Tokens: []int32{token}}
		}
		if err := s.Decode(ctx, feeds); err != nil {
			return 0, err
		}
		for i := range feeds {
			if row := s.Logits(i); row.Fixed != nil {
				sum += float32(row.Fixed[0])
			} else {
				sum += row.Float[0]
			}
		}
	}
	return float64(lanes*window) / (cpuTime() - start).Seconds(), nil
}

func cpuTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}
