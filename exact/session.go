package exact

import (
	"context"
	"errors"
	"fmt"

	"github.com/lmz-go/lmz/lm"
)

var _ lm.Session = (*session)(nil)

// ErrClosed says that a session was used after Close.
var ErrClosed = errors.New("exact: session is closed")

const (
	maxLanes = 1 << 10

	// batchColumns is the number of tokens that go through a layer together: enough to read weights
	// seldom, few enough for the second-level cache.
	batchColumns = 32
)

// session holds a cache of keys and values for each lane.
type session struct {
	model   *Model
	window  int
	lanes   []lane
	work    work
	columns []column  // of the latest feeds
	rows    [][]int32 // logits of the latest feeds
	fed     int
	closed  bool
}

// lane is a sequence: its length and its cache, layer by layer and head by head.
type lane struct {
	held int
	kv   []cache
}

// NewSession makes an evaluation context of up to 1024 lanes of at most the model's context each.
func (m *Model) NewSession(lanes, window int) (lm.Session, error) {
	if lanes < 1 || lanes > maxLanes {
		return nil, fmt.Errorf("exact: %d lanes, want 1 to %d", lanes, maxLanes)
	}
	if window < 1 || window > m.shape.context {
		return nil, fmt.Errorf("exact: a window of %d tokens, want 1 to %d", window, m.shape.context)
	}
	s := &session{model: m, window: window, lanes: make([]lane, lanes), rows: make([][]int32, lanes)}
	for i := range s.lanes {
		s.lanes[i].kv = make([]cache, m.shape.layers*m.shape.kvHeads)
		for j := range s.lanes[i].kv {
			s.lanes[i].kv[j] = newCache(m.shape.head, window)
		}
		s.rows[i] = make([]int32, panels(len(m.Pieces()))*panelRows)
	}
	s.work.make(m, window)
	return s, nil
}

// Decode evaluates the feeds, in rounds of batchColumns tokens. After an error of ctx the session
// can go on with lanes that are started afresh.
func (s *session) Decode(ctx context.Context, feeds []lm.Feed) error {
	s.fed = 0
	if err := s.check(feeds); err != nil {
		return err
	}
	columns := s.columns[:0]
	for i, f := range feeds {
		s.lanes[f.Lane].held = f.Pos
		for j, t := range f.Tokens {
			row := -1
			if j == len(f.Tokens)-1 {
				row = i
			}
			columns = append(columns, column{lane: f.Lane, pos: f.Pos + j, token: t, row: row})
		}
	}
	s.columns = columns
	for len(columns) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(len(columns), batchColumns)
		s.forward(columns[:n])
		columns = columns[n:]
	}
	for _, f := range feeds {
		s.lanes[f.Lane].held = f.Pos + len(f.Tokens)
	}
	s.fed = len(feeds)
	return nil
}

// check refuses feeds that are out of range, or of one lane twice.
func (s *session) check(feeds []lm.Feed) error {
	if s.closed {
		return ErrClosed
	}
	if len(feeds) > len(s.lanes) {
		return fmt.Errorf("exact: %d feeds for %d lanes", len(feeds), len(s.lanes))
	}
	for i, f := range feeds {
		if f.Lane < 0 || f.Lane >= len(s.lanes) {
			return fmt.Errorf("exact: feed of lane %d of %d", f.Lane, len(s.lanes))
		}
		for _, g := range feeds[:i] {
			if g.Lane == f.Lane {
				return fmt.Errorf("exact: lane %d is fed twice", f.Lane)
			}
		}
		held := s.lanes[f.Lane].held
		if len(f.Tokens) == 0 || f.Pos < 0 || f.Pos > held || f.Pos+len(f.Tokens) > s.window {
			return fmt.Errorf("exact: %d tokens at position %d of a window of %d that holds %d", len(f.Tokens), f.Pos, s.window, held)
		}
		for _, t := range f.Tokens {
			if t < 0 || int(t) >= len(s.model.Pieces()) {
				return fmt.Errorf("exact: token %d of %d", t, len(s.model.Pieces()))
			}
		}
	}
	return nil
}

// Logits is the row of feeds[i] of the latest Decode, valid until the next Decode or Close.
func (s *session) Logits(i int) lm.Row {
	return lm.Row{Fixed: s.rows[:s.fed][i][:len(s.model.Pieces())]}
}

// Close frees the caches.
func (s *session) Close() error {
	if s.closed {
		return ErrClosed
	}
	*s = session{closed: true}
	return nil
}
