package coder_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// mixWith codes text with Mix and, where m is not nil, the model, and returns the payload after it
// has decoded to text.
func mixWith(t *testing.T, m lm.Model, level int, primed *coder.Primed, text []byte) (payload []byte) {
	t.Helper()
	p := coder.Params{Window: kvcache.Policy{Reset: kvcache.Overlap, Window: 64, Overlap: 16}, Level: level, Primed: primed}
	// Encoder and decoder have lanes, and so coders, of their own.
	codectest.Run(t, m, p, func(lane *coder.Lane) error {
		c, err := coder.New(codec.Mix, lane, p)
		if err == nil {
			payload, err = c.Encode(nil, text)
		}
		if err == nil {
			var again []byte // a coder's second chunk is as its first
			if again, err = c.Encode(nil, text); !bytes.Equal(again, payload) {
				t.Errorf("level %d: the second time it is another payload", level)
			}
		}
		return err
	})
	codectest.Run(t, m, p, func(lane *coder.Lane) error {
		c, err := coder.New(codec.Mix, lane, p)
		if err != nil {
			return err
		}
		got, err := c.Decode(nil, payload, len(text))
		if !bytes.Equal(got, text) {
			t.Errorf("level %d: %d bytes do not come back", level, len(text))
		}
		return err
	})
	return payload
}

func TestMixWithModel(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	text := codectest.Generate(t, m, 6000)
	log := excerpt(t, 6000)
	primed, err := coder.Prime(t.Context(), 9, 6000, log)
	if err != nil {
		t.Fatal(err)
	}
	plain := mixWith(t, nil, 9, nil, text)
	always := mixWith(t, m, 9, nil, text)
	if len(always) > len(plain)*9/10 {
		t.Errorf("%d bytes with the model that made the text, %d without", len(always), len(plain))
	}
	mixWith(t, m, 9, primed, text)
	mixWith(t, m, 9, nil, nil)
	mixWith(t, m, 9, nil, []byte("x"))
	for _, level := range []int{4, 6, 8} {
		mixWith(t, m, level, nil, append(text[:3000:3000], log...))
	}
}

// counting counts what its sessions are asked.
type counting struct {
	lm.Model
	decodes int
}

type countingSession struct {
	lm.Session
	m *counting
}

func (m *counting) NewSession(lanes, window int) (lm.Session, error) {
	s, err := m.Model.NewSession(lanes, window)
	return countingSession{s, m}, err
}

func (s countingSession) Decode(ctx context.Context, feeds []lm.Feed) error {
	s.m.decodes++
	return s.Session.Decode(ctx, feeds)
}

// The gate closes on what the model does not know, and stays open on what it does.
func TestGate(t *testing.T) {
	fake := fakemodel.New(fakemodel.Options{})
	known, unknown := codectest.Generate(t, fake, 20000), excerpt(t, 20000)
	steps := func(text []byte) int {
		m := &counting{Model: fake}
		mixWith(t, m, 8, nil, text)
		return m.decodes / 3 // coded twice, decoded once
	}
	if n := steps(unknown); n > len(unknown)/4 {
		t.Errorf("%d model steps for %d bytes that the model does not know", n, len(unknown))
	}
	if n := steps(known); n < len(known)/4 {
		t.Errorf("%d model steps for %d bytes that the model knows", n, len(known))
	}
}

// The gate opens again when the text changes to what the mixer does not know and the model does.
func TestGateReopens(t *testing.T) {
	fake := fakemodel.New(fakemodel.Options{})
	same := bytes.Repeat([]byte("the same line as before, and before that, and before\n"), 1200)
	known := codectest.Generate(t, fake, 8000)
	m := &counting{Model: fake}
	mixWith(t, m, 8, nil, append(same, known...))
	if n := m.decodes / 3; n < len(known)/4 {
		t.Errorf("%d model steps, behind what needs none, for %d bytes that the model knows", n, len(known))
	}
}
