package llama

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/lmz-go/lmz/lm"
)

// maxLaneTokens is the most tokens of one lane in one llama_decode: flash attention gives other
// bits from 64 on.
const maxLaneTokens = 32

// contractLanes are as many as archives are written with by default.
const contractLanes = 8

// fixedTokens are as many as show how a GPU adds up attention, which it cuts into pieces of 64
// tokens and more.
const fixedTokens = 72

// fixedLanes is the number of lanes that m computes together, or 0.
func fixedLanes(m lm.Model) int {
	if f, ok := m.(lm.Fixed); ok {
		return f.Lanes()
	}
	return 0
}

// proven has the SHA-256 of the models that have passed checkContract in this process, which has
// one numeric class.
var proven sync.Map

// proveContract is checkContract, once for each model and process.
func proveContract(ctx context.Context, m lm.Model) error {
	sum := m.ID().SHA256
	if _, ok := proven.Load(sum); ok {
		return nil
	}
	if err := checkContract(ctx, m); err != nil {
		return err
	}
	proven.Store(sum, nil)
	return nil
}

// checkContract makes sure that this CPU, plug-in and libggml keep the contract of lm.Model: tokens
// one by one, as one piece, and on several lanes give the same rows. It costs some 130 tokens; on a
// GPU, where a piece is fed one by one, as many steps. The error is a *ClassError, or that of a
// session or of ctx.
func checkContract(ctx context.Context, m lm.Model) error {
	tokens := contractTokens(m)
	want, err := singleRows(ctx, m, tokens)
	if err != nil {
		return err
	}
	checks := []func(context.Context, lm.Model, []int32, []uint64) (string, error){checkPiece, checkLanes}
	if fixedLanes(m) > 0 {
		checks = checks[1:]
	}
	for _, check := range checks {
		broken, err := check(ctx, m, tokens, want)
		if err != nil {
			return err
		}
		if broken != "" {
			return &ClassError{
				Class:  m.ID().Class,
				Reason: fmt.Sprintf("%s of model %s give other logits here than tokens one by one", broken, printable(m.ID().Name)),
				remedy: "archives of it might not decode, so it is refused: take another class, a released model in class exact, or " +
					"none; and report this CPU",
			}
		}
	}
	return nil
}

// contractTokens are as many as one llama_decode takes of a lane, or as the context holds; on a
// GPU, fixedTokens.
func contractTokens(m lm.Model) []int32 {
	n := maxLaneTokens
	if fixedLanes(m) > 0 {
		n = fixedTokens
	}
	tokens := make([]int32, max(1, min(n, m.ContextLength())))
	x := uint32(12345)
	for i := range tokens {
		x = x*1664525 + 1013904223 // Numerical Recipes
		tokens[i] = int32(x >> 8 % uint32(len(m.Pieces())))
	}
	tokens[0] = m.BOS()
	return tokens
}

// singleRows gives the hash of each row of tokens that are fed one by one.
func singleRows(ctx context.Context, m lm.Model, tokens []int32) (rows []uint64, err error) {
	err = inSession(m, 1, len(tokens), func(s lm.Session) error {
		for at := range tokens {
			if err := s.Decode(ctx, []lm.Feed{{Pos: at, Tokens: tokens[at : at+1]}}); err != nil {
				return err
			}
			rows = append(rows, rowHash(s.Logits(0).Float))
		}
		return nil
	})
	return rows, err
}

// checkPiece feeds the tokens at once and says what gives other rows, if anything does.
func checkPiece(ctx context.Context, m lm.Model, tokens []int32, want []uint64) (broken string, err error) {
	err = inSession(m, 1, len(tokens), func(s lm.Session) error {
		err := s.Decode(ctx, []lm.Feed{{Tokens: tokens}})
		if err == nil && rowHash(s.Logits(0).Float) != want[len(tokens)-1] {
			broken = fmt.Sprintf("%d tokens at once", len(tokens))
		}
		return err
	})
	return broken, err
}

// checkLanes feeds lanes that are a token apart from each other, or as many as fit, first all that
// they hold, then in lockstep, and says what gives other rows.
func checkLanes(ctx context.Context, m lm.Model, tokens []int32, want []uint64) (broken string, err error) {
	const steps = 5
	lanes, apart := contractLanes, 1
	if fixed := fixedLanes(m); fixed > 0 {
		lanes, apart = fixed, max(1, (len(tokens)-steps)/fixed)
	}
	err = inSession(m, lanes, len(tokens), func(s lm.Session) error {
		held := make([]int, lanes)
		for step := range steps {
			var feeds []lm.Feed
			for lane, pos := range held {
				size := 1
				if step == 0 {
					size += lane * apart
				}
				if size = min(size, len(tokens)-pos); size > 0 {
					feeds = append(feeds, lm.Feed{Lane: lane, Pos: pos, Tokens: tokens[pos : pos+size]})
					held[lane] += size
				}
			}
			if len(feeds) == 0 {
				return nil
			}
			if err := s.Decode(ctx, feeds); err != nil {
				return err
			}
			for i, f := range feeds {
				if rowHash(s.Logits(i).Float) != want[held[f.Lane]-1] {
					broken = fmt.Sprintf("%d lanes", len(feeds))
					return nil
				}
			}
		}
		return nil
	})
	return broken, err
}

// inSession runs use with a session that it closes.
func inSession(m lm.Model, lanes, window int, use func(lm.Session) error) error {
	s, err := m.NewSession(lanes, window)
	if err != nil {
		return err
	}
	err = use(s)
	if e := s.Close(); err == nil {
		err = e
	}
	return err
}

// rowHash hashes the bits of a row; rows with NaN are all the same, since nothing is coded by them.
func rowHash(row []float32) (hash uint64) {
	for _, v := range row {
		if v != v {
			return 0
		}
		hash = (hash ^ uint64(math.Float32bits(v))) * 0x9e3779b97f4a7c15
		hash ^= hash >> 32
	}
	return hash
}
