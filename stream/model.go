package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
)

// modelCache holds the model that was used last, so that frames that name the same one find and probe it once.
type modelCache struct {
	source ModelSource
	id     lm.ModelID
	model  lm.Model
	probe  [8]byte
}

// open returns the model that h names, after making sure that it computes what the writer's did; nil if it names none.
func (c *modelCache) open(ctx context.Context, h *Header) (lm.Model, error) {
	if h.Model == nil {
		return nil, nil
	}
	want := *h.Model
	if c.model == nil || c.id.SHA256 != want.SHA256 || c.id.Class != want.Class {
		c.model = nil
		if c.source == nil {
			return nil, fmt.Errorf("%w: %q, SHA-256 %x", codec.ErrNoModel, want.Name, want.SHA256)
		}
		m, err := c.source(ctx, want)
		if err != nil {
			return nil, err
		}
		if got := m.ID(); got.SHA256 != want.SHA256 || got.Class != want.Class {
			return nil, &ModelMismatchError{Want: want, Got: got}
		}
		if c.probe, err = codec.Probe(ctx, m); err != nil {
			return nil, err
		}
		c.model, c.id = m, want
	}
	if c.probe != h.Probe {
		return nil, &ModelMismatchError{Want: want, Got: c.model.ID(), WantProbe: h.Probe, GotProbe: c.probe}
	}
	if err := checkWindow(h.Window, c.model); err != nil {
		return nil, errors.Join(ErrCorrupt, err)
	}
	return c.model, nil
}

// modelSet opens each of the models of an archive once. Its methods may be called concurrently.
type modelSet struct {
	source ModelSource

	mu     sync.Mutex
	caches map[modelKey]*modelCache
}

// modelKey is what tells models from each other.
type modelKey struct {
	sha256 [32]byte
	class  string
}

// open is modelCache.open.
func (s *modelSet) open(ctx context.Context, h *Header) (lm.Model, error) {
	if h.Model == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := modelKey{h.Model.SHA256, h.Model.Class}
	c := s.caches[key]
	if c == nil {
		if s.caches == nil {
			s.caches = map[modelKey]*modelCache{}
		}
		c = &modelCache{source: s.source}
		s.caches[key] = c
	}
	return c.open(ctx, h)
}
