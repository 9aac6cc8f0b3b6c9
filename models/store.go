package models

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"

	"github.com/lmz-go/lmz/lm"
)

// Opened is a model that the store has opened and will close.
type Opened interface {
	lm.Model
	io.Closer
}

// Backend opens GGUF files as models whose logits have the bits of a numeric class; the empty class is the default one.
// The models' ID().SHA256 is the hash of what was opened.
type Backend interface {
	OpenFile(path, class string) (Opened, error)
	OpenBytes(gguf []byte, class string) (Opened, error)
}

// Store finds models and owns those that it opened: one per hash and numeric class. Its methods may be called
// concurrently.
type Store struct {
	backend Backend
	path    []string

	mu     sync.Mutex
	hashes *hashCache
	opened map[opening]Opened
	closed bool
}

type opening struct {
	sha256 [32]byte
	class  string
}

// Options says where a store looks for models besides the embedded one, and what opens them.
type Options struct {
	Path     []string // files and folders; nil is SearchPath()
	CacheDir string   // folder that remembers the hashes of model files; empty remembers none
	Backend  Backend  // nil is LibLlama
}

// ErrClosed is returned by the methods of a closed store.
var ErrClosed = errors.New("models: store is closed")

// NewStore makes a store that has opened nothing yet.
func NewStore(o Options) *Store {
	if o.Path == nil {
		o.Path = SearchPath()
	}
	if o.Backend == nil {
		o.Backend = LibLlama{}
	}
	return &Store{backend: o.Backend, path: o.Path, hashes: openHashCache(o.CacheDir), opened: map[opening]Opened{}}
}

// Model finds the model with the hash id.SHA256 and opens it in the numeric class id.Class, or gives the one that is open
// already. The store owns the result. The error is a *NotFoundError when no file has this hash.
func (s *Store) Model(ctx context.Context, id lm.ModelID) (lm.Model, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if m, ok := s.opened[opening{id.SHA256, id.Class}]; ok {
		return m, nil
	}
	if f, ok := embeddedWith(id.SHA256); ok {
		return s.keep(s.backend.OpenBytes(f.bytes(), id.Class))
	}
	for _, path := range s.byName(id.Name) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if sum, err := s.hashes.sum(path); err != nil || sum != id.SHA256 {
			continue
		}
		m, err := s.backend.OpenFile(path, id.Class)
		if err == nil && m.ID().SHA256 != id.SHA256 { // the file was replaced behind the cache's back
			s.hashes.forget(path)
			m.Close()
			continue
		}
		return s.keep(m, err)
	}
	return nil, &NotFoundError{ID: id, Looked: s.path}
}

// byName orders the files of the search path so that those whose metadata has this name come first, which finds a model
// among many without hashing them all.
func (s *Store) byName(name string) []string {
	var named, others []string
	for _, path := range candidates(s.path) {
		if name != "" && (File{Path: path}).name() == name {
			named = append(named, path)
		} else {
			others = append(others, path)
		}
	}
	return append(named, others...)
}

// Open opens the model that a user names, as Locate finds it. The store owns the result.
func (s *Store) Open(ctx context.Context, name, class string) (lm.Model, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := s.locate(name)
	if err != nil {
		return nil, err
	}
	if f.Embedded() {
		if m, ok := s.opened[opening{f.embeddedSHA256(), class}]; ok {
			return m, nil
		}
		return s.keep(s.backend.OpenBytes(f.bytes(), class))
	}
	return s.keep(s.backend.OpenFile(f.Path, class))
}

// keep takes ownership of what a backend just opened; if the same model is open already, that one is given instead.
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
	s.mu.Lock()
	defer s.mu.Unlock()
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
	for i := range embedded {
		files = append(files, File{index: i})
	}
	for _, path := range candidates(s.path) {
		files = append(files, File{Path: path})
	}
	return files
}

// Sum is the SHA-256 of a model file; for files seen in an earlier run it may come from the cache.
func (s *Store) Sum(f File) ([32]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sum(f)
}

func (s *Store) sum(f File) ([32]byte, error) {
	if f.Embedded() {
		return f.embeddedSHA256(), nil
	}
	return s.hashes.sum(f.Path)
}

// Rehash computes the SHA-256 of a model file from all of its bytes. known is what it ought to be: for an embedded model
// the released hash, for a file what an earlier run found if its size and modification time are the same since, else sum.
func (s *Store) Rehash(f File) (sum, known [32]byte, err error) {
	if f.Embedded() {
		return sha256.Sum256(f.bytes()), f.embeddedSHA256(), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, remembered := s.hashes.remembered(f.Path)
	if !remembered {
		sum, err = s.hashes.sum(f.Path)
		return sum, sum, err
	}
	sum, err = hashFile(f.Path)
	return sum, known, err
}
