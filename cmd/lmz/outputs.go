package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/lmz-go/lmz/internal/remote"
)

var (
	errSameOutput   = errors.New("another file of this run has this output, which would be lost")
	errSourceOutput = errors.New("this is another file of this run, which would be lost")
)

// outputs are the names of what a run has made or is making: whoever allows that files are
// overwritten does not mean these, whose sources may have been deleted.
type outputs struct {
	mu      sync.Mutex
	names   map[string]bool
	sources map[string]bool // that no output may take the place of
}

// claim takes a name, whose folder is there, for one source.
func (o *outputs) claim(name string) error {
	key := wholeName(name)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sources[key] {
		return fmt.Errorf("%s: %w", name, errSourceOutput)
	}
	if o.names[key] {
		return fmt.Errorf("%s: %w", name, errSameOutput)
	}
	if o.names == nil {
		o.names = map[string]bool{}
	}
	o.names[key] = true
	return nil
}

// protect keeps sources from being overwritten before they are read.
func (o *outputs) protect(sources []string) {
	o.sources = make(map[string]bool, len(sources))
	for _, name := range sources {
		o.sources[wholeName(name)] = true
	}
}

// wholeName is the same for all names of a path.
func wholeName(name string) string {
	if remote.IsURL(name) {
		return name
	}
	name = remote.Path(name)
	dir := filepath.Dir(name)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if whole, err := filepath.Abs(dir); err == nil {
		dir = whole
	}
	return filepath.Join(dir, filepath.Base(name))
}
