package stream_test

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
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
	archive := archivetest.Compress(t, m, text, stream.WithMethod(codec.LM), stream.WithChunkSize(len(text)/lanes), stream.WithPrimer(0),
		stream.WithWorkers(1))
	m.most.Store(0)
	r, err := stream.NewReader(bytes.NewReader(archive), func(context.Context, lm.ModelID) (lm.Model, error) { return m, nil }, stream.WithWorkers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, text) {
		t.Fatalf("%d bytes of %d: %v", len(got), len(text), err)
	}
	if most := m.most.Load(); most < lanes-1 {
		t.Errorf("at most %d lanes were fed at once, want %d", most, lanes)
	}
}
