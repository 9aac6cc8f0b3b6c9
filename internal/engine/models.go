package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// ModelSource finds the model whose file has id.SHA256 and opens it in the numeric class id.Class;
// id.Name is a hint for messages. The source owns what it returns. It is called once for each
// model.
type ModelSource func(ctx context.Context, id lm.ModelID) (lm.Model, error)

// models opens each of the models that frames name once, and probes it. Its methods may be called
// concurrently.
type models struct {
	source ModelSource
	turn   chan struct{} // of one element: who holds it may use what follows
	open   map[modelKey]*Model
}

// modelKey is what tells models from each other.
type modelKey struct {
	sha256 [32]byte
	class  string
}

// Model is a model that is open and what it computes here. It is known by its address: models of
// users need not be comparable.
type Model struct {
	lm.Model
	Probe [8]byte
}

// Probe makes sure that m computes, and what.
func Probe(ctx context.Context, m lm.Model) (*Model, error) {
	probe, err := coder.Probe(ctx, m)
	if err != nil {
		return nil, err
	}
	return &Model{m, probe}, nil
}

func newModels(source ModelSource) *models {
	return &models{source: source, turn: make(chan struct{}, 1), open: map[modelKey]*Model{}}
}

// get returns the model that h names, after making sure that it computes what the writer's did; nil
// if it names none.
func (s *models) get(ctx context.Context, h *format.Header) (*Model, error) {
	if h.Model == nil {
		return nil, nil
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-s.turn }()
	want := *h.Model
	key := modelKey{want.SHA256, want.Class}
	m, ok := s.open[key]
	if !ok {
		var err error
		if m, err = s.find(ctx, want); err != nil {
			return nil, err
		}
		s.open[key] = m
	}
	if m.Probe != h.Probe {
		return nil, &ModelMismatchError{Want: want, Got: m.ID(), WantProbe: h.Probe, GotProbe: m.Probe}
	}
	if err := CheckWindow(h.Window, m); err != nil {
		return nil, errors.Join(format.ErrCorrupt, err)
	}
	return m, nil
}

func (s *models) find(ctx context.Context, want lm.ModelID) (*Model, error) {
	if s.source == nil {
		return nil, NoModel(want)
	}
	m, err := s.source(ctx, want)
	if err != nil {
		return nil, err
	}
	if got := m.ID(); got.SHA256 != want.SHA256 || got.Class != want.Class {
		return nil, &ModelMismatchError{Want: want, Got: got}
	}
	return Probe(ctx, m)
}

// NoModel is the error where there is no source of models.
func NoModel(id lm.ModelID) error {
	return fmt.Errorf("%w: %q, SHA-256 %x", codec.ErrNoModel, id.Name, id.SHA256)
}

// CheckWindow refuses a window that m was not made for.
func CheckWindow(p kvcache.Policy, m lm.Model) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if p.Window > m.ContextLength() {
		return fmt.Errorf("%w: window of %d tokens, model %q has a context of %d",
			kvcache.ErrPolicy, p.Window, m.ID().Name, m.ContextLength())
	}
	return nil
}
