package file

import (
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/google/renameio/v2"
)

// Set is the temporary file of a run, if there is one now: a signal must remove it. The zero value is ready for use.
type Set struct {
	mu   sync.Mutex
	file *renameio.PendingFile
}

// stage opens the temporary file of o, in the same folder, so that renaming it is atomic.
func (s *Set) stage(o *Output, perm fs.FileMode) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := renameio.NewPendingFile(o.Name, renameio.WithTempDir(filepath.Dir(o.Name)), renameio.WithPermissions(perm))
	if err != nil {
		return err
	}
	s.file, o.staged, o.file = f, f, f.File
	return nil
}

func (s *Set) commit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.file.CloseAtomicallyReplace()
	if err == nil {
		s.file = nil
	}
	return err
}

func (s *Set) discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		s.file.Cleanup()
		s.file = nil
	}
}

// Abort removes what is unfinished; no output can appear any more.
func (s *Set) Abort() {
	s.mu.Lock() // for ever
	if s.file != nil {
		s.file.Cleanup()
	}
}
