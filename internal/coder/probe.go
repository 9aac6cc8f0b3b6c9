package coder

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/lmz-go/lmz/lm"
)

// probeTokens is the length of the sequence that Probe evaluates, unless the model's context is
// shorter. Classes that differ only in how they add up attention have the same logits for the first
// 24 to 30 tokens.
const probeTokens = 64

// Probe is a hash of the integer CDFs that m gives over a fixed sequence of tokens: two models with
// the same probe are taken to give the same logits. It costs a session and at most 64 tokens.
// Errors wrap ErrVocabulary or ErrLogits, or are those of the session or of ctx.
func Probe(ctx context.Context, m lm.Model) (probe [8]byte, err error) {
	if err := checkVocabulary(m); err != nil {
		return probe, err
	}
	if err := ctx.Err(); err != nil {
		return probe, err
	}
	n := max(1, min(probeTokens, m.ContextLength()))
	session, err := m.NewSession(1, n)
	if err != nil {
		return probe, err
	}
	defer func() {
		if e := session.Close(); err == nil {
			err = e
		}
	}()
	var (
		cdf  CDF
		row  []byte
		hash = sha256.New()
		feed = []lm.Feed{{Tokens: []int32{m.BOS()}}}
		seed = uint64(len(m.Pieces()))
	)
	for pos := range n {
		feed[0].Pos = pos
		if err := session.Decode(ctx, feed); err != nil {
			return probe, fmt.Errorf("probe: %w", err)
		}
		if err := cdf.setRow(rowOf(session, 0)); err != nil {
			return probe, fmt.Errorf("probe: %w", err)
		}
		row = row[:0]
		for _, w := range cdf.weights {
			row = binary.LittleEndian.AppendUint32(row, w)
		}
		hash.Write(row)
		seed = seed*6364136223846793005 + 1442695040888963407 // Knuth's MMIX
		feed[0].Tokens[0] = int32(seed >> 33 % uint64(len(m.Pieces())))
	}
	return [8]byte(hash.Sum(nil)), nil
}
