package llama

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/lm"
)

// bentModel is a model whose rows are changed by bend, which sees what else is decoded with them.
type bentModel struct {
	*fakemodel.Model
	context int
	bend    func(feeds []lm.Feed, i int, row []float32)
	decodes *int
}

func (m bentModel) ContextLength() int { return m.context }

func (m bentModel) NewSession(lanes, window int) (lm.Session, error) {
	s, err := m.Model.NewSession(lanes, window)
	return &bentSession{Session: s, model: m}, err
}

type bentSession struct {
	lm.Session
	model bentModel
	feeds []lm.Feed
}

func (s *bentSession) Decode(ctx context.Context, feeds []lm.Feed) error {
	*s.model.decodes++
	s.feeds = slices.Clone(feeds)
	return s.Session.Decode(ctx, feeds)
}

func (s *bentSession) Logits(i int) lm.Row {
	row := slices.Clone(s.Session.Logits(i).Float)
	s.model.bend(s.feeds, i, row)
	return lm.Row{Float: row}
}

func bent(context int, bend func(feeds []lm.Feed, i int, row []float32)) bentModel {
	return bentModel{fakemodel.New(fakemodel.Options{}), context, bend, new(int)}
}

func tokensIn(feeds []lm.Feed) (n int) {
	for _, f := range feeds {
		n += len(f.Tokens)
	}
	return n
}

// next is the float32 after x.
func next(x float32) float32 { return math.Nextafter32(x, 1e9) }

func TestContract(t *testing.T) {
	for name, c := range map[string]struct {
		context int
		broken  string // what the error says, empty: there is none
		bend    func(feeds []lm.Feed, i int, row []float32)
	}{
		"kept":         {512, "", func([]lm.Feed, int, []float32) {}},
		"context of 1": {1, "", func([]lm.Feed, int, []float32) {}},
		"context of 5": {5, "", func([]lm.Feed, int, []float32) {}},
		"no numbers": {512, "", func(feeds []lm.Feed, i int, row []float32) {
			row[3] = math.Float32frombits(0x7fc00000 + uint32(len(feeds)))
		}},
		"BLAS": {512, "32 tokens at once", func(feeds []lm.Feed, i int, row []float32) {
			if tokensIn(feeds) >= 32 {
				row[7] = next(row[7])
			}
		}},
		"repacked": {512, "8 lanes", func(feeds []lm.Feed, i int, row []float32) {
			if len(feeds) >= 4 {
				row[0] = next(row[0])
			}
		}},
		"the last of the lanes": {512, "8 lanes", func(feeds []lm.Feed, i int, row []float32) {
			if i == 7 {
				row[len(row)-1] = next(row[len(row)-1])
			}
		}},
		"lockstep": {512, "8 lanes", func(feeds []lm.Feed, i int, row []float32) {
			if len(feeds) > 1 && tokensIn(feeds) == len(feeds) {
				row[100] = next(row[100])
			}
		}},
		"pieces in a small context": {4, "4 tokens at once", func(feeds []lm.Feed, i int, row []float32) {
			if len(feeds[i].Tokens) > 2 {
				row[9] = next(row[9])
			}
		}},
	} {
		m := bent(c.context, c.bend)
		err := checkContract(t.Context(), m)
		var class *ClassError
		switch {
		case c.broken == "":
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case !errors.As(err, &class) || class.Class != "fake" || !strings.Contains(err.Error(), `class "fake": `+c.broken+" of model fake") ||
			!strings.Contains(class.Hint(), "another class"):
			t.Errorf("%s: %v", name, err)
		}
		if n := m.OpenSessions(); n != 0 {
			t.Errorf("%s: %d sessions are open", name, n)
		}
	}
}

// TestContractIsProvenOnce: a model that passed is not tried again, one that failed is.
func TestContractIsProvenOnce(t *testing.T) {
	broken := true
	m := bent(512, func(feeds []lm.Feed, i int, row []float32) {
		if broken && len(feeds) > 1 {
			row[0] = next(row[0])
		}
	})
	defer proven.Delete(m.ID().SHA256)
	for range 2 {
		if err := proveContract(t.Context(), m); err == nil {
			t.Fatal("no error")
		}
	}
	broken = false
	if err := proveContract(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	was := *m.decodes
	if err := proveContract(t.Context(), m); err != nil || *m.decodes != was {
		t.Errorf("%d steps more, %v", *m.decodes-was, err)
	}
}

func TestContractEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := proveContract(ctx, fakemodel.New(fakemodel.Options{})); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	failing := fakemodel.New(fakemodel.Options{FailAt: 2})
	if err := proveContract(t.Context(), failing); !errors.Is(err, fakemodel.ErrFail) || failing.OpenSessions() != 0 {
		t.Error(err, failing.OpenSessions())
	}
}

// fixedModel is a bentModel of a fixed number of lanes.
type fixedModel struct {
	bentModel
	lanes int
}

func (m fixedModel) Lanes() int { return m.lanes }

// TestContractOfFixedLanes: on a GPU all lanes are tried, each at another place of a longer text.
func TestContractOfFixedLanes(t *testing.T) {
	for _, lanes := range []int{3, 7, 200} {
		for name, c := range map[string]struct {
			broken bool
			bend   func(feeds []lm.Feed, i int, row []float32)
		}{
			"kept": {false, func([]lm.Feed, int, []float32) {}},
			"the last lane": {true, func(feeds []lm.Feed, i int, row []float32) {
				if feeds[i].Lane == lanes-1 {
					row[5] = next(row[5])
				}
			}},
			"behind 64 tokens beside others": {true, func(feeds []lm.Feed, i int, row []float32) {
				if len(feeds) > 1 && feeds[i].Pos >= 48 {
					row[5] = next(row[5])
				}
			}},
		} {
			m := fixedModel{bent(512, c.bend), lanes}
			err := checkContract(t.Context(), m)
			var class *ClassError
			if errors.As(err, &class) != c.broken || !c.broken && err != nil {
				t.Errorf("%d lanes, %s: %v", lanes, name, err)
			}
		}
	}
}
