package coder

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/lmz-go/lmz/lm"
)

// Most tokens of a sequence that Probe evaluates, unless the model's context is shorter. Classes
// that differ only in how they add up attention have the same logits for the first 24 to 30 tokens;
// versions of one engine may differ in half of all sequences.
const (
	probeTokens  = 20 // of most
	probeLong    = 72 // of the first probeLongs
	probeRandom  = 64 // of the pseudo-random one, which comes last
	probeLongs   = 2
	probeFixed   = 8 // of all, where logits are in fixed point: they cannot differ by rounding
	probeStretch = max(probeTokens, probeLong, probeRandom)
)

// Probe is a hash of the integer CDFs that m gives over fixed sequences of tokens, in lockstep: two
// models with the same probe are taken to give the same logits. It costs a session and some 400
// tokens, a quarter of that where logits are in fixed point. Errors wrap ErrVocabulary or
// ErrLogits, or are those of the session or of ctx.
func Probe(ctx context.Context, m lm.Model) (probe [8]byte, err error) {
	v, err := NewVocabulary(m)
	if err != nil {
		return probe, err
	}
	if err := ctx.Err(); err != nil {
		return probe, err
	}
	window := max(1, min(probeStretch, m.ContextLength()))
	sequences := v.probeSequences(m.BOS(), window)
	session, err := m.NewSession(len(sequences), window)
	if err != nil {
		return probe, err
	}
	defer func() {
		if e := session.Close(); err == nil {
			err = e
		}
	}()
	var (
		cdf   CDF
		row   []byte
		feeds []lm.Feed
		hash  = sha256.New()
	)
	for pos := 0; pos < window; pos++ {
		feeds = feeds[:0]
		for lane, tokens := range sequences {
			if pos < len(tokens) {
				feeds = append(feeds, lm.Feed{Lane: lane, Pos: pos, Tokens: tokens[pos : pos+1]})
			}
		}
		if len(feeds) == 0 {
			break
		}
		if err := session.Decode(ctx, feeds); err != nil {
			return probe, fmt.Errorf("probe: %w", err)
		}
		for i := range feeds {
			if err := cdf.setRow(session.Logits(i)); err != nil {
				return probe, fmt.Errorf("probe: %w", err)
			}
			if session.Logits(i).Fixed != nil {
				window = min(window, probeFixed)
			}
			row = row[:0]
			for _, w := range cdf.weights {
				row = binary.LittleEndian.AppendUint32(row, w)
			}
			hash.Write(row)
		}
	}
	return [8]byte(hash.Sum(nil)), nil
}

// probeSequences are what Probe feeds, one for each lane, each of 1 to window tokens.
func (v *Vocabulary) probeSequences(bos int32, window int) (sequences [][]int32) {
	for i, text := range probeTexts {
		n := probeTokens
		if i < probeLongs {
			n = probeLong
		}
		tokens := append([]int32{bos}, v.spelled([]byte(text))...)
		sequences = append(sequences, tokens[:min(len(tokens), n, window)])
	}
	random := []int32{bos}
	seed := uint64(v.Size())
	for len(random) < min(probeRandom, window) {
		seed = seed*6364136223846793005 + 1442695040888963407 // Knuth's MMIX
		random = append(random, int32(seed>>33%uint64(v.Size())))
	}
	return append(sequences, random)
}
