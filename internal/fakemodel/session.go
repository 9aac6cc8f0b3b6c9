package fakemodel

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/lmz-go/lmz/lm"
)

const (
	searched = 256 // tokens back in the window for the last two
	boost    = 7   // of the logit of what followed them
)

type session struct {
	model   *Model
	window  int
	lanes   [][]int32
	rows    [][]float32 // of the latest feeds
	fed     int         // number of the latest feeds
	decodes int
	failed  error
	busy    atomic.Bool
	closed  bool
}

// NewSession makes a session that fails every Decode which breaks the contract.
func (m *Model) NewSession(lanes, window int) (lm.Session, error) {
	if lanes < 1 || window < 1 {
		return nil, fmt.Errorf("fakemodel: session of %d lanes of %d tokens", lanes, window)
	}
	s := &session{model: m, window: window, lanes: make([][]int32, lanes), rows: make([][]float32, lanes)}
	for i := range lanes {
		s.lanes[i] = make([]int32, 0, window)
		s.rows[i] = make([]float32, len(m.pieces))
	}
	m.sessions.Add(1)
	return s, nil
}

func (s *session) Decode(ctx context.Context, feeds []lm.Feed) error {
	if !s.busy.CompareAndSwap(false, true) {
		return errors.New("fakemodel: session is used by two goroutines")
	}
	defer s.busy.Store(false)
	if s.failed == nil {
		s.failed = s.decode(ctx, feeds)
	}
	return s.failed
}

func (s *session) decode(ctx context.Context, feeds []lm.Feed) error {
	if s.closed {
		return errors.New("fakemodel: session is closed")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.decodes++; s.decodes == s.model.options.FailAt {
		return ErrFail
	}
	s.fed = len(feeds)
	for i, f := range feeds {
		if f.Lane < 0 || f.Lane >= len(s.lanes) {
			return fmt.Errorf("fakemodel: lane %d of %d", f.Lane, len(s.lanes))
		}
		for _, g := range feeds[:i] {
			if g.Lane == f.Lane {
				return fmt.Errorf("fakemodel: lane %d is fed twice", f.Lane)
			}
		}
		held := s.lanes[f.Lane]
		if f.Pos < 0 || f.Pos > len(held) || len(f.Tokens) == 0 || f.Pos+len(f.Tokens) > s.window {
			return fmt.Errorf("fakemodel: %d tokens at position %d of a window of %d that holds %d", len(f.Tokens), f.Pos, s.window, len(held))
		}
		for _, t := range f.Tokens {
			if t < 0 || int(t) >= len(s.model.pieces) {
				return fmt.Errorf("fakemodel: token %d of %d", t, len(s.model.pieces))
			}
		}
		s.lanes[f.Lane] = append(held[:f.Pos], f.Tokens...)
		s.model.predict(s.rows[i], s.lanes[f.Lane])
		if row := s.model.options.Row; row != nil {
			row(s.lanes[f.Lane], s.rows[i])
		}
	}
	return nil
}

// predict writes the row after the last of the held tokens.
func (m *Model) predict(row []float32, held []int32) {
	n := len(held)
	hash := uint64(n)
	for _, t := range held[max(0, n-4):] {
		hash = (hash ^ uint64(t)) * 0x9e3779b97f4a7c15
	}
	hash = mix(hash ^ uint64(held[n/2])<<32 ^ uint64(held[0])<<48)
	copy(row, m.noise[hash%noiseRows:])
	if n < 2 {
		return
	}
	last, above := held[n-1], held[n-2]
	for i := n - 2; i > max(0, n-searched); i-- {
		if held[i] == last && held[i-1] == above {
			row[held[i+1]] += boost
			return
		}
	}
}

func (s *session) Logits(i int) lm.Row { return lm.Row{Float: s.rows[:s.fed][i]} }

func (s *session) Close() error {
	if s.closed {
		return errors.New("fakemodel: session is closed twice")
	}
	s.closed = true
	s.model.sessions.Add(-1)
	return nil
}
