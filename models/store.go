package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/lmz-go/lmz/codec"
)

// Opened is a model that the store has opened and will close.
type Opened interface {
	codec.Model
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
func (s *Store) Model(ctx context.Context, id codec.ModelID) (codec.Model, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if m, ok := s.opened[opening{id.SHA256, id.Class}]; ok {
		return m, nil
	}
	if id.SHA256 == embeddedSHA256 {
		return s.keep(s.backend.OpenBytes(embedded, id.Class))
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
		if name != "" && (File{path}).name() == name {
			named = append(named, path)
		} else {
			others = append(others, path)
		}
	}
	return append(named, others...)
}

// Open opens the model that a user names: EmbeddedName or nothing for the embedded one, else the path of a GGUF file or
// the name, without .gguf, of one on the search path. The store owns the result.
func (s *Store) Open(ctx context.Context, name, class string) (codec.Model, error) {
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
		if m, ok := s.opened[opening{embeddedSHA256, class}]; ok {
			return m, nil
		}
		return s.keep(s.backend.OpenBytes(embedded, class))
	}
	return s.keep(s.backend.OpenFile(f.Path, class))
}

// keep takes ownership of what a backend just opened; if the same model is open already, that one is given instead.
func (s *Store) keep(m Opened, err error) (codec.Model, error) {
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

// Locate finds the model file that a user names, as Open does, without opening it as a model.
func (s *Store) Locate(name string) (File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locate(name)
}

func (s *Store) locate(name string) (File, error) {
	if name == "" || name == EmbeddedName {
		return File{}, nil
	}
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return File{}, fmt.Errorf("model %s: is a folder", name)
	case err == nil:
		return File{Path: name}, nil
	case strings.ContainsRune(name, filepath.Separator):
		return File{}, err
	}
	for _, path := range candidates(s.path) {
		if base := filepath.Base(path); base == name || strings.TrimSuffix(base, filepath.Ext(base)) == name {
			return File{Path: path}, nil
		}
	}
	return File{}, &NotFoundError{Query: name, Looked: s.path}
}

// List gives the embedded model and every model file on the search path.
func (s *Store) List() []File {
	files := []File{{}}
	for _, path := range candidates(s.path) {
		files = append(files, File{Path: path})
	}
	return files
}

// Sum is the SHA-256 of a model file; for files seen in an earlier run it may come from the cache.
func (s *Store) Sum(f File) ([32]byte, error) {
	if f.Embedded() {
		return embeddedSHA256, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hashes.sum(f.Path)
}
