package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
)

const (
	writer  = "base" // the model that writes
	lanes   = 32     // samples at once: bears on speed only
	window  = 512
	longest = 240 // tokens of a sample behind its opening
	likely  = 40  // a token is one of this many
)

// series is a number of samples that are as bold as each other.
type series struct {
	seed        uint64
	number      int
	temperature int64 // percent
}

var allSeries = []series{{1, 3200, 70}, {2, 3200, 80}}

// sampleAll draws all series. What comes out depends on the model alone: it is computed in
// integers, and each sample has its own random numbers.
func sampleAll(ctx context.Context) (texts [][]byte, err error) {
	store := models.NewStore(models.Options{Embedded: embedded.Models()})
	defer func() { err = errors.Join(err, store.Close()) }()
	m, err := store.Open(ctx, writer, exact.Class)
	if err != nil {
		return nil, err
	}
	var all []*sample
	for _, s := range allSeries {
		for i := range s.number {
			all = append(all, s.sample(i))
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for batch := range slices.Chunk(all, lanes) {
		group.Go(func() error { return draw(ctx, m, batch) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, s := range all {
		texts = append(texts, s.text)
	}
	return texts, nil
}

// sample is a text that a model goes on with.
type sample struct {
	random      *rand.Rand
	temperature int64 // percent
	text        []byte
	cdf         coder.CDF
}

// sample begins a sample of the series, with an opening.
func (s series) sample(number int) *sample {
	r := rand.New(rand.NewPCG(s.seed, uint64(number)))
	return &sample{random: r, temperature: s.temperature, text: []byte(openings{r}.next())}
}

// draw lets the model go on with each sample of a batch.
func draw(ctx context.Context, m lm.Model, batch []*sample) (err error) {
	session, err := m.NewSession(len(batch), window)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	pieces := m.Pieces()
	feeds := make([]lm.Feed, len(batch))
	for i, s := range batch {
		tokens, err := m.Tokenize(s.text)
		if err != nil {
			return err
		}
		feeds[i] = lm.Feed{Lane: i, Tokens: append([]int32{m.BOS()}, tokens...)}
	}
	for range longest {
		if err := session.Decode(ctx, feeds); err != nil {
			return err
		}
		for i, s := range batch {
			row := session.Logits(i).Fixed
			if row == nil {
				return fmt.Errorf("model %s: logits in floats, want integers", writer)
			}
			t := s.choose(row)
			s.text = append(s.text, pieces[t]...)
			feeds[i] = lm.Feed{Lane: i, Pos: feeds[i].Pos + len(feeds[i].Tokens), Tokens: []int32{t}}
		}
	}
	return nil
}

// choose draws one of the likely tokens; of equal ones the first count as likelier.
func (s *sample) choose(logits []int32) int32 {
	best := make([]int32, 0, likely+1)
	for t, v := range logits {
		if len(best) == likely && v <= logits[best[likely-1]] {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, v, func(b int32, v int32) int {
			return cmp.Or(cmp.Compare(v, logits[b]), -1)
		})
		best = slices.Insert(best, at, int32(t))[:min(len(best)+1, likely)]
	}
	scaled := make([]int32, len(best))
	for i, t := range best {
		below := (int64(logits[best[0]]) - int64(logits[t])) * 100 / s.temperature
		scaled[i] = int32(-min(below, math.MaxInt32))
	}
	s.cdf.SetFixed(scaled)
	i, _, _ := s.cdf.Find(s.random.Uint64N(s.cdf.Total()))
	return best[i]
}
