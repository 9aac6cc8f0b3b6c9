package coder_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// weighing is a model whose sessions weigh tokens, and count what they are asked.
type weighing struct {
	*fakemodel.Model
	weighed, whole int // steps
	wrong          bool
	fails          error
}

type weighingSession struct {
	lm.Session
	model *weighing
	on    bool
	cdfs  []coder.CDF
}

func (m *weighing) NewSession(lanes, window int) (lm.Session, error) {
	s, err := m.Model.NewSession(lanes, window)
	return &weighingSession{Session: s, model: m, cdfs: make([]coder.CDF, lanes)}, err
}

func (s *weighingSession) Weigh(on bool) { s.on = on }

func (s *weighingSession) Decode(ctx context.Context, feeds []lm.Feed) error {
	if s.on {
		s.model.weighed++
	} else {
		s.model.whole++
	}
	return s.Session.Decode(ctx, feeds)
}

func (s *weighingSession) Logits(i int) lm.Row {
	row := s.Session.Logits(i)
	if !s.on {
		return row
	}
	c := &s.cdfs[i]
	if err := c.Set(row.Float); err != nil {
		panic(err)
	}
	var sums []uint64
	for b := 0; b < len(row.Float); b += lm.WeightBlock {
		sum := uint64(0)
		for t := b; t < min(len(row.Float), b+lm.WeightBlock); t++ {
			_, freq := c.Symbol(t)
			sum += freq
		}
		sums = append(sums, sum)
	}
	return lm.Row{Sums: sums}
}

func (s *weighingSession) Weights(_ context.Context, of []lm.BlockOf) (list [][]uint32, err error) {
	for _, b := range of {
		weights := make([]uint32, lm.WeightBlock)
		for i := range min(lm.WeightBlock, len(s.model.Pieces())-b.Block*lm.WeightBlock) {
			_, freq := s.cdfs[b.Row].Symbol(b.Block*lm.WeightBlock + i)
			weights[i] = uint32(freq)
		}
		if s.model.wrong {
			weights[5]++
		}
		list = append(list, weights)
	}
	return list, s.model.fails
}

// coded is what jobs, as many as methods, make of their part of the text on some lanes: payloads,
// or the texts that payloads give if there are any.
func coded(m lm.Model, lanes int, text []byte, methods []codec.Method, payloads [][]byte) ([][]byte, error) {
	w, err := coder.NewWorker(m, lanes, 64)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	out := make([][]byte, len(methods))
	var jobs []func(*coder.Lane) error
	for i, method := range methods {
		part := text[i*len(text)/len(methods) : (i+1)*len(text)/len(methods)]
		jobs = append(jobs, func(l *coder.Lane) error {
			p := coder.Params{Window: kvcache.Policy{Reset: kvcache.EqualInfo, Window: 32, Overlap: 8, Bits: 150}}
			c, err := coder.New(method, l, p)
			if err != nil {
				return err
			}
			if payloads == nil {
				out[i], err = c.Encode(nil, part)
			} else {
				out[i], err = c.Decode(nil, payloads[i], len(part))
			}
			return err
		})
	}
	return out, w.Run(context.Background(), source(jobs...))
}

// A session that weighs gives the payloads that rows of logits give, for any number of lanes, and
// beside methods that need whole rows.
func TestWeighed(t *testing.T) {
	text := excerpt(t, 1200)
	for name, methods := range map[string][]codec.Method{
		"lm":    {codec.LM, codec.LM, codec.LM, codec.LM, codec.LM},
		"mixed": {codec.RankHuffman, codec.LM, codec.LM, codec.RankHuffman, codec.LM, codec.LM},
	} {
		plain := fakemodel.New(fakemodel.Options{})
		want, err := coded(plain, 2, text, methods, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, lanes := range []int{1, 2, 4} {
			t.Run(fmt.Sprintf("%s/%d lanes", name, lanes), func(t *testing.T) {
				m := &weighing{Model: fakemodel.New(fakemodel.Options{})}
				got, err := coded(m, lanes, text, methods, nil)
				if err != nil {
					t.Fatal(err)
				}
				texts, err := coded(m, lanes, text, methods, want)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(bytes.Join(texts, nil), text) {
					t.Error("the text comes back otherwise")
				}
				for i := range want {
					if !bytes.Equal(got[i], want[i]) {
						t.Errorf("payload %d is another", i)
					}
				}
				if m.weighed == 0 || name == "lm" && m.whole > 0 || name != "lm" && m.whole == 0 {
					t.Errorf("%d steps with sums, %d with logits", m.weighed, m.whole)
				}
			})
		}
	}
}

// Weights that are not what sums say, and a session that fails, end the job.
func TestWeighedWrong(t *testing.T) {
	text := excerpt(t, 200)
	failed := errors.New("failed")
	methods := []codec.Method{codec.LM}
	payloads, err := coded(fakemodel.New(fakemodel.Options{}), 1, text, methods, nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, m := range map[error]*weighing{codec.ErrLogits: {wrong: true}, failed: {fails: failed}} {
		m.Model = fakemodel.New(fakemodel.Options{})
		for _, from := range [][][]byte{nil, payloads} {
			if _, err := coded(m, 1, text, methods, from); !errors.Is(err, want) {
				t.Errorf("error is %v, want %v", err, want)
			}
		}
	}
}
