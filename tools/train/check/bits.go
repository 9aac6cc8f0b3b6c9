//go:build unix

package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/lmz-go/lmz/lm"
)

// reportBits prints the ideal code length of each file's head: windows of the model's context, the
// last quarter carried over, as the method lm has them.
func reportBits(m lm.Model, files []string, limit int) error {
	window := m.ContextLength()
	s, err := m.NewSession(1, window)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Println("| file | bytes | tokens | bytes/token | nats/token | bits/byte |")
	fmt.Println("|---|---|---|---|---|---|")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if len(text) > limit {
			for text = text[:limit]; !utf8.RuneStart(text[len(text)-1]); { // not inside a character
				text = text[:len(text)-1]
			}
			text = text[:len(text)-1]
		}
		tokens, err := m.Tokenize(text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		nats, err := fileLoss(s, m.BOS(), tokens, window)
		if err != nil {
			return err
		}
		bytes, n := float64(len(text)), float64(len(tokens))
		fmt.Printf("| %s | %d | %d | %.2f | %.3f | %.3f |\n", filepath.Base(file), len(text), len(tokens), bytes/n, nats/n, nats/math.Ln2/bytes)
	}
	return nil
}

// fileLoss is the cost of all tokens in nats.
func fileLoss(s lm.Session, bos int32, tokens []int32, window int) (float64, error) {
	sum := 0.0
	for start := 0; start < len(tokens); {
		overlap := 0
		if start > 0 {
			overlap = window / 4
		}
		end := min(len(tokens), start-overlap+window-1)
		lane := append([]int32{bos}, tokens[start-overlap:end]...)
		nats, err := score(s, lane, overlap+1, true)
		if err != nil {
			return 0, err
		}
		sum, start = sum+nats, end
	}
	return sum, nil
}
