package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/lmz-go/lmz/internal/remote"
)

var errSameOutput = errors.New("another file of this run has this output, which would be lost")

// outputs are the names of what a run has made or is making: whoever allows that files are
// overwritten does not mean these, whose sources may have been deleted.
type outputs struct {
	mu    sync.Mutex
	names map[string]bool
}

// claim takes a name, whose folder is there, for one source.
func (o *outputs) claim(name string) error {
	key := name
	if !remote.IsURL(name) {
		dir := filepath.Dir(name)
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		if whole, err := filepath.Abs(dir); err == nil {
			dir = whole
		}
		key = filepath.Join(dir, filepath.Base(name))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.names[key] {
		return fmt.Errorf("%s: %w", name, errSameOutput)
	}
	if o.names == nil {
		o.names = map[string]bool{}
	}
	o.names[key] = true
	return nil
}
