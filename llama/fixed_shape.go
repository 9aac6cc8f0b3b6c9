//go:build llama && cgo

package llama

import (
	"context"
	"fmt"

	"github.com/lmz-go/lmz/lm"
)

// The rows of a GPU depend on how many tokens are computed together, and on how much of the cache
// attention looks at, which is what the fullest lane holds. So a session of a GPU's class has one
// shape: every llama_decode takes one token of each lane, gives the rows of all of them, and looks
// at all of the cache, since the last lane is full from the beginning. Lanes without a token
// compute the last one that they hold again.

// fixedParams are those of a session with this many lanes for callers.
func fixedParams(lanes, window int) sessionParams {
	return sessionParams{lanes: lanes + 1, window: window, threads: 1, laneTokens: 1, batch: max(lanes+1, min(window, 512)),
		flashAttention: true, fixed: true}
}

// newFixed makes a session whose last lane is full. What of is nothing to the others.
func (m *Model) newFixed(p sessionParams) (*session, error) {
	s, err := m.newSession(p)
	if err != nil {
		return nil, err
	}
	full := p.lanes - 1
	for s.held[full] < p.window {
		n := min(p.batch, p.window-s.held[full])
		for i := range n {
			s.token[i], s.pos[i], s.lane[i], s.want[i] = m.bos, int32(s.held[full]+i), int32(full), 0
		}
		if err := s.step(context.Background(), 0, n); err != nil {
			s.Close()
			return nil, err
		}
		s.held[full] += n
	}
	s.last[full] = m.bos
	return s, nil
}

// fillFixed writes one token of every lane for the round after which left rounds remain. Every lane
// forgets what it holds from that token's position on.
func (s *session) fillFixed(feeds []lm.Feed, left int) int {
	for lane, held := range s.held {
		s.token[lane], s.pos[lane], s.lane[lane], s.want[lane] = s.last[lane], int32(max(0, held-1)), int32(lane), 1
	}
	s.fed = s.fed[:0]
	for _, f := range feeds {
		s.fed = append(s.fed, f.Lane)
		switch at := len(f.Tokens) - 1 - left; {
		case at >= 0:
			s.token[f.Lane], s.pos[f.Lane] = f.Tokens[at], int32(f.Pos+at)
		case f.Pos < s.held[f.Lane]: // to be forgotten anyway
			s.pos[f.Lane] = int32(f.Pos)
		}
	}
	copy(s.forget, s.lane)
	copy(s.forgetFrom, s.pos)
	s.rows = len(feeds)
	return len(s.held)
}

var _ lm.Session = (*lockstep)(nil)

// lockstep is sessions of one shape that serve as one of any number of lanes.
type lockstep struct {
	size     int // lanes of each
	lanes    int
	sessions []*session
	feeds    [][]lm.Feed // of the latest Decode, by session
	places   []place     // of its rows
}

type place struct{ session, row int }

// Lanes is the number of lanes that the class computes together, fed or not; 0: it does not matter.
func (m *Model) Lanes() int { return m.fixed }

func (m *Model) newLockstep(lanes, window int) (*lockstep, error) {
	if lanes < 1 {
		return nil, fmt.Errorf("llama: %d lanes, want at least 1", lanes)
	}
	l := &lockstep{size: m.fixed, lanes: lanes}
	for range (lanes + m.fixed - 1) / m.fixed {
		s, err := m.newFixed(fixedParams(m.fixed, window))
		if err != nil {
			l.Close()
			return nil, err
		}
		l.sessions = append(l.sessions, s)
	}
	l.feeds = make([][]lm.Feed, len(l.sessions))
	return l, nil
}

// Decode is that of each session that has feeds.
func (l *lockstep) Decode(ctx context.Context, feeds []lm.Feed) error {
	for i := range l.feeds {
		l.feeds[i] = l.feeds[i][:0]
	}
	l.places = l.places[:0]
	for _, f := range feeds {
		if f.Lane < 0 || f.Lane >= l.lanes {
			return fmt.Errorf("llama: feed of lane %d of %d", f.Lane, l.lanes)
		}
		i := f.Lane / l.size
		l.places = append(l.places, place{i, len(l.feeds[i])})
		f.Lane %= l.size
		l.feeds[i] = append(l.feeds[i], f)
	}
	for i, s := range l.sessions {
		if err := s.Decode(ctx, l.feeds[i]); err != nil {
			l.places = nil
			return err
		}
	}
	return nil
}

func (l *lockstep) Logits(i int) lm.Row {
	p := l.places[i]
	return l.sessions[p.session].Logits(p.row)
}

// Close frees the contexts.
func (l *lockstep) Close() (err error) {
	for _, s := range l.sessions {
		if e := s.Close(); err == nil {
			err = e
		}
	}
	return err
}
