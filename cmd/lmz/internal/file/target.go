package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// Target is an archive that something is appended to. It is locked: who appends to it at the same time must wait, or one
// of two frames would be lost.
type Target struct {
	*os.File // nil: there is none yet
	Name     string
	Info     fs.FileInfo
}

// OpenTarget opens the archive, and calls waiting if it must wait for somebody else.
func OpenTarget(name string, waiting func()) (*Target, error) {
	if path, err := filepath.EvalSymlinks(name); err == nil {
		name = path // the file that a link points to is replaced, not the link
	}
	for {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return &Target{Name: name}, nil
		}
		if err != nil {
			return nil, err
		}
		t := &Target{File: f, Name: name}
		if t.Info, err = f.Stat(); err == nil && !t.Info.Mode().IsRegular() {
			err = ui.Hinted("is not a regular file", "--append takes the name of an archive")
		}
		if err == nil {
			err = t.lock(waiting)
		}
		if err != nil {
			f.Close()
			return nil, err
		}
		// Whoever held the lock has put another file in its place.
		if now, err := os.Stat(name); err == nil && os.SameFile(now, t.Info) {
			return t, nil
		}
		f.Close()
	}
}

// lock waits until nobody else has the lock. Where the file system has no locks, appending goes on without.
func (t *Target) lock(waiting func()) error {
	err := syscall.Flock(int(t.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		waiting()
		for {
			if err = syscall.Flock(int(t.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
				break
			}
		}
	}
	if errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOLCK) || errors.Is(err, syscall.ENOSYS) {
		return nil
	}
	return err
}

// Exists reports whether there is an archive already.
func (t *Target) Exists() bool { return t.File != nil }

// Close also unlocks.
func (t *Target) Close() error {
	if !t.Exists() {
		return nil
	}
	return t.File.Close()
}
