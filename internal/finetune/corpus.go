package finetune

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/lm"
)

const (
	heldOut = 20 // one part in this many of each text, its end, is held out
	maxHeld = 64 // windows of what is held out, at most, that are evaluated
	minHeld = 2  // windows without which the evaluation means nothing
)

// Corpus is texts as tokens, numbered as in the model's file: what is trained on, and what is held
// out to see whether that helps.
type Corpus struct {
	bos    int32
	pieces [][]byte
	train  [][]int32
	held   [][]int32
}

// NewCorpus splits texts into tokens as the codecs do, with the tokenizer of m. The end of each
// text, a twentieth from the start of a line on, is held out.
func NewCorpus(m lm.Model, texts [][]byte) (*Corpus, error) {
	vocab, err := coder.NewVocabulary(m)
	if err != nil {
		return nil, err
	}
	file := fileTokens(m)
	c := &Corpus{bos: file(m.BOS()), pieces: make([][]byte, len(m.Pieces()))}
	for t, piece := range m.Pieces() {
		c.pieces[file(int32(t))] = piece
	}
	for i, text := range texts {
		cut := len(text) - len(text)/heldOut
		if line := bytes.LastIndexByte(text[:cut], '\n'); line > 0 {
			cut = line + 1
		}
		for _, part := range []struct {
			text []byte
			to   *[][]int32
		}{{text[:cut], &c.train}, {text[cut:], &c.held}} {
			var tokens []int32
			for rest := part.text; len(rest) > 0; {
				if tokens, rest, err = vocab.AppendTokens(tokens, rest); err != nil {
					return nil, fmt.Errorf("text %d: %w", i, err)
				}
			}
			for i, t := range tokens {
				tokens[i] = file(t)
			}
			if len(tokens) > 0 {
				*part.to = append(*part.to, tokens)
			}
		}
	}
	return c, nil
}

// fileTokens gives the number in the model's file of each token.
func fileTokens(m lm.Model) func(token int32) int32 {
	if r, ok := m.(lm.Renumbered); ok {
		return r.FileToken
	}
	return func(token int32) int32 { return token }
}

// TokensOf gives the model's token of each number in its file.
func TokensOf(m lm.Model) func(file int32) int32 {
	if r, ok := m.(lm.Renumbered); ok {
		return r.TokenOf
	}
	return func(file int32) int32 { return file }
}

// Tokens is the number of tokens that are trained on.
func (c *Corpus) Tokens() int { return count(c.train) }

// Held is the number of tokens that are held out.
func (c *Corpus) Held() int { return count(c.held) }

func count(texts [][]int32) (n int) {
	for _, t := range texts {
		n += len(t)
	}
	return n
}

// check refuses texts that are too short for windows of n tokens.
func (c *Corpus) check(n int) error {
	if c.Held() < minHeld*n {
		return fmt.Errorf("%w: %d tokens to train on and %d to check it with, where windows have %d", ErrTooLittle, c.Tokens(), c.Held(), n)
	}
	return nil
}

// heldWindows are the windows that the model is evaluated on, at most maxHeld spread over all
// texts, and the bytes that they spell.
func (c *Corpus) heldWindows(n int) (windows [][]int32, size int) {
	for _, text := range c.held {
		windows = appendWindows(windows, text, c.bos, n, 0)
	}
	if all := windows; len(all) > maxHeld {
		windows = nil
		for i := range maxHeld {
			windows = append(windows, all[i*len(all)/maxHeld])
		}
	}
	for _, w := range windows {
		for _, t := range w[1:] {
			if t >= 0 {
				size += len(c.pieces[t])
			}
		}
	}
	return windows, size
}

// pass is every token of the training texts once, in windows of n tokens whose places and order
// depend on the seed and on the number of the pass.
func (c *Corpus) pass(n int, seed, number uint64) [][]int32 {
	random := rand.New(rand.NewPCG(seed, number))
	var windows [][]int32
	for _, text := range c.train {
		first := 0 // length of the first window
		if len(text) > n {
			first = random.IntN(n)
		}
		windows = appendWindows(windows, text, c.bos, n, first)
	}
	random.Shuffle(len(windows), func(i, j int) { windows[i], windows[j] = windows[j], windows[i] })
	return windows
}

// appendWindows cuts text into windows as the codecs open them: BOS, then n tokens. The first
// window has only first tokens unless that is 0, the last what is left; both are padded with -1.
func appendWindows(windows [][]int32, text []int32, bos int32, n, first int) [][]int32 {
	for len(text) > 0 {
		take := n
		if first > 0 {
			take, first = first, 0
		}
		take = min(take, len(text))
		w := slices.Grow([]int32{bos}, n)
		w = append(w, text[:take]...)
		for len(w) <= n {
			w = append(w, -1)
		}
		windows, text = append(windows, w), text[take:]
	}
	return windows
}
