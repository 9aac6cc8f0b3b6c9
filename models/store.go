// Package models finds the language models that archives name, and owns the ones that are open.
//
// A model is named by the SHA-256 of its GGUF file. It is looked for among the embedded models that
// the program carries, if it does (package models/embedded), in the files that the user gave, in
// $LMZ_MODEL_PATH and in the user's data folder.
package models

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/sync/semaphore"

	"github.com/lmz-go/lmz/lm"
)

// Store finds models and owns those that it opened: one per hash and numeric class. Its methods may
// be called concurrently.
type Store struct {
	backend  Backend
	path     []string
	embedded []*embeddedModel

	lock   *semaphore.Weighted // of what follows; waiting for it ends with a context
	hashes *hashCache
	opened map[opening]Opened
	closed bool
}

type opening struct {
	sha256 [32]byte
	class  string
}

// Options says where a store looks for models, and what opens them.
type Options struct {
	Embedded []Embedded // looked at first (embedded.Models()); the first one is the default
	Path     []string   // files and folders; nil is SearchPath()
	CacheDir string     // folder that remembers the hashes of model files; empty remembers none
	Backend  Backend    // nil is package exact, and package llama for what that does not compute
}

// NewStore makes a store that has opened nothing yet.
func NewStore(o Options) *Store {
	if o.Path == nil {
		o.Path = SearchPath()
	}
	if o.Backend == nil {
		o.Backend = engines{}
	}
	return &Store{
		backend: o.Backend, path: o.Path, embedded: newEmbedded(o.Embedded), lock: semaphore.NewWeighted(1),
		hashes: openHashCache(o.CacheDir), opened: map[opening]Opened{},
	}
}

// Model finds the model with the hash id.SHA256 and opens it in the numeric class id.Class, or
// gives the one that is open already. The store owns the result. The error is a *NotFoundError when
// no file has this hash, the backend's when the file cannot be opened, or that of ctx.
func (s *Store) Model(ctx context.Context, id lm.ModelID) (lm.Model, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.lock.Release(1)
	if m, ok := s.opened[opening{id.SHA256, id.Class}]; ok {
		return m, nil
	}
	if f, ok := s.embeddedWith(id.SHA256); ok {
		return s.openEmbedded(ctx, f.embedded, id.Class)
	}
	files := s.byName(ctx, id.Name)
	for _, sum := range s.sums(ctx) {
		for _, path := range files {
			got, err := sum(path)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil || got != id.SHA256 {
				continue
			}
			m, err := s.backend.OpenFile(ctx, path, id.Class)
			if err == nil && m.ID().SHA256 == id.SHA256 {
				return s.keep(m, nil)
			}
			if err == nil {
				err = m.Close()
			}
			// Its content may be another than the one that its hash was remembered of.
			if got, wrong := s.hashes.proven(ctx, path); err != nil && wrong == nil && got == id.SHA256 {
				return nil, err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, s.notFound(&NotFoundError{ID: id})
}

// sums are the ways to find a file by its hash, to be tried one after the other: by what earlier
// runs found, which says only where to look first, then by what its bytes give.
func (s *Store) sums(ctx context.Context) []func(path string) ([32]byte, error) {
	return []func(string) ([32]byte, error){
		func(path string) ([32]byte, error) { return s.hashes.sum(ctx, path) },
		func(path string) ([32]byte, error) { return s.hashes.proven(ctx, path) },
	}
}

// begin takes the lock of an open store. If it returns nil the caller releases it.
func (s *Store) begin(ctx context.Context) error {
	if err := s.lock.Acquire(ctx, 1); err != nil {
		return err
	}
	err := ctx.Err()
	if s.closed {
		err = ErrClosed
	}
	if err != nil {
		s.lock.Release(1)
	}
	return err
}

// byName orders the files of the search path so that those whose metadata has this name come first,
// which finds a model among many without hashing them all.
func (s *Store) byName(ctx context.Context, name string) []string {
	var named, others []string
	for _, path := range candidates(ctx, s.path) {
		if name != "" && ctx.Err() == nil && generalName(path) == name {
			named = append(named, path)
		} else {
			others = append(others, path)
		}
	}
	return append(named, others...)
}

// Open opens the model that a user names, as Locate finds it. The store owns the result. Errors are
// those of Locate, of the backend, or that of ctx.
func (s *Store) Open(ctx context.Context, name, class string) (lm.Model, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.lock.Release(1)
	f, err := s.locate(ctx, name)
	if err != nil {
		return nil, err
	}
	if f.Embedded() {
		if m, ok := s.opened[opening{f.embedded.sha256, class}]; ok {
			return m, nil
		}
		return s.openEmbedded(ctx, f.embedded, class)
	}
	return s.keep(s.backend.OpenFile(ctx, f.Path, class))
}

func (s *Store) openEmbedded(ctx context.Context, e *embeddedModel, class string) (lm.Model, error) {
	m, err := s.backend.OpenBytes(ctx, e.GGUF, class)
	if err == nil && m.ID().SHA256 != e.sha256 {
		err = fmt.Errorf("embedded model %s: SHA-256 is %x, want %x", e.Name, m.ID().SHA256, e.sha256)
		return nil, errors.Join(err, m.Close())
	}
	return s.keep(m, err)
}

// keep takes ownership of what a backend just opened; if the same model is open already, that one
// is given instead.
func (s *Store) keep(m Opened, err error) (lm.Model, error) {
	if err != nil {
		return nil, err
	}
	id := m.ID()
	key := opening{id.SHA256, id.Class}
	if open, ok := s.opened[key]; ok {
		return open, m.Close()
	}
	s.opened[key] = m
	return m, nil
}

// Close closes all models that the store opened.
func (s *Store) Close() error {
	s.lock.Acquire(context.Background(), 1)
	defer s.lock.Release(1)
	var errs []error
	for key, m := range s.opened {
		errs = append(errs, m.Close())
		delete(s.opened, key)
	}
	s.closed = true
	return errors.Join(errs...)
}

// List gives the embedded models and every model file on the search path.
func (s *Store) List() []File {
	var files []File
	for _, m := range s.embedded {
		files = append(files, File{embedded: m})
	}
	for _, path := range candidates(context.Background(), s.path) {
		files = append(files, File{Path: path})
	}
	return files
}

// Sum is the SHA-256 of a model file; for files seen in an earlier run it may come from the cache.
func (s *Store) Sum(f File) ([32]byte, error) {
	if f.Embedded() {
		return f.embedded.sha256, nil
	}
	ctx := context.Background()
	if err := s.begin(ctx); err != nil {
		return [32]byte{}, err
	}
	defer s.lock.Release(1)
	return s.hashes.sum(ctx, f.Path)
}

// Rehash computes the SHA-256 of a model file from all of its bytes. known is what it ought to be:
// for an embedded model the released hash, for a file what it was first found to be with the size
// and modification time that it has now.
func (s *Store) Rehash(f File) (sum, known [32]byte, err error) {
	if f.Embedded() {
		return sha256.Sum256(f.embedded.GGUF), f.embedded.sha256, nil
	}
	ctx := context.Background()
	if err := s.begin(ctx); err != nil {
		return sum, known, err
	}
	defer s.lock.Release(1)
	if sum, err = s.hashes.compute(ctx, f.Path); err != nil {
		return sum, known, err
	}
	return sum, s.hashes.first(f.Path), nil
}

// notFound completes the error.
func (s *Store) notFound(e *NotFoundError) error {
	e.Looked = s.path
	for _, m := range s.embedded {
		e.embedded = append(e.embedded, m.Name)
	}
	return e
}
