package stream

import (
	"bytes"
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/lm"
)

// together is a model of a fixed number of lanes that notes how many of them were fed at once.
type together struct {
	lm.Model
	lanes int
	most  atomic.Int64
}

func (m *together) Lanes() int { return m.lanes }

func (m *together) NewSession(lanes, window int) (lm.Session, error) {
	s, err := m.Model.NewSession(lanes, window)
	return togetherSession{s, m}, err
}

type togetherSession struct {
	lm.Session
	model *together
}

func (s togetherSession) Decode(ctx context.Context, feeds []lm.Feed) error {
	s.model.most.Store(max(s.model.most.Load(), int64(len(feeds)))) // one worker
	return s.Session.Decode(ctx, feeds)
}

// A reader feeds all lanes of a model that has many, whatever its options say.
func TestReaderFillsFixedLanes(t *testing.T) {
	const lanes = 90
	m := &together{Model: fakemodel.New(fakemodel.Options{}), lanes: lanes}
	text := bytes.Repeat([]byte("how many at once? "), lanes*3)
	archive := compress(t, m, text, WithChunkSize(len(text)/lanes), WithPrimer(0), WithWorkers(1))
	m.most.Store(0)
	if got, err := decompressBy(only(m), archive, WithWorkers(1)); err != nil || !bytes.Equal(got, text) {
		t.Fatalf("%d bytes of %d: %v", len(got), len(text), err)
	}
	if most := m.most.Load(); most < lanes-1 {
		t.Errorf("at most %d lanes were fed at once, want %d", most, lanes)
	}
}

// wavering is a model of a fixed number of lanes whose sessions, from the second on, give other
// logits after a while, as a GPU has done.
type wavering struct {
	together
	sessions atomic.Int64
}

func (m *wavering) NewSession(lanes, window int) (lm.Session, error) {
	s, err := m.Model.NewSession(lanes, window)
	if m.sessions.Add(1) == 1 {
		return s, err
	}
	return &waveringSession{Session: s}, err
}

type waveringSession struct {
	lm.Session
	steps int
}

func (s *waveringSession) Logits(i int) lm.Row {
	row := s.Session.Logits(i)
	if s.steps++; s.steps < 40 {
		return row
	}
	return lm.Row{Float: append(slices.Clone(row.Float[1:]), row.Float[0])}
}

// What a model of a GPU does not give back is not written, and whoever asked is told.
func TestWriterVerifiesFixedLanes(t *testing.T) {
	m := &wavering{together: together{Model: fakemodel.New(fakemodel.Options{}), lanes: 4}}
	text := bytes.Repeat([]byte("now and then other bits. "), 20)
	for _, asked := range []bool{false, true} {
		var told int
		var decoded bytes.Buffer
		opts := []WriterOption{WithChunkSize(100), WithWorkers(1)}
		if asked {
			opts = append(opts, WithVerify(&decoded, func(error) { told++ }))
		}
		m.sessions.Store(-1) // the first is the probe's
		archive := compress(t, m, text, opts...)
		if asked && (told == 0 || !bytes.Equal(decoded.Bytes(), text)) {
			t.Errorf("told of %d chunks, %d bytes decoded", told, decoded.Len())
		}
		m.sessions.Store(-100)
		if got, err := decompressBy(only(m), archive, WithWorkers(1)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("asked %v: %d bytes of %d: %v", asked, len(got), len(text), err)
		}
	}
}
