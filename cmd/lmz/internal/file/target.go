package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/remote"
)

// Target is an archive that something is appended to: a copy of it is, which takes its place. It is
// locked: who appends to it at the same time must wait, or one of two frames would be lost.
//
// Where there is no archive yet, the lock is on the temporary file that becomes it, which then has
// a name that all can find (appendName). Who has waited for that lock finds that the file now is
// the archive, or that it is gone, or that it was left by a process that was killed: then it is
// used from the start.
type Target struct {
	Name   string
	Output *Output
	Old    *os.File    // the archive as it is; nil: there is none yet
	Info   fs.FileInfo // of Old
	stat   state
}

// OpenTarget opens the archive, and calls waiting if it must wait for somebody else.
func (s *Set) OpenTarget(name string, waiting func()) (*Target, error) {
	if remote.IsURL(name) {
		return nil, ui.Hinted("is an object of a store, and nothing can be appended to one", "write it to an object of its own: archives that are joined are an archive")
	}
	name = remote.Path(name)
	if path, err := filepath.EvalSymlinks(name); err == nil {
		name = path // the file that a link points to is replaced, not the link
	}
	t := &Target{Name: name, Output: &Output{Name: name, staged: true}}
	for {
		done, err := t.openOld(waiting)
		if err == nil && !done {
			done, err = t.openFirst(s, waiting)
		}
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
	}
	if t.Old != nil {
		t.Output.force = true
		if err := s.stage(t.Output, 0o600); err != nil {
			t.Close()
			return nil, err
		}
		// Whoever waits for the archive must go on waiting when this has taken its place, until
		// sources are deleted.
		if err := lock(t.Output.file, waiting); err != nil && !noLocks(err) {
			t.Close()
			return nil, err
		}
	}
	t.Output.writer = t.Output.file
	return t, nil
}

// openOld opens and locks an archive that exists. If there is none, or another one now, it is not
// done.
func (t *Target) openOld(waiting func()) (done bool, err error) {
	info, err := os.Stat(t.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, ui.Hinted("is not a regular file", "--append takes the name of an archive")
	}
	f, err := openShared(t.Name, os.O_RDWR, 0) // some file systems lock only what can be written
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		f, err = openShared(t.Name, os.O_RDONLY, 0)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err = lock(f, waiting); noLocks(err) {
		err = nil // appending goes on without
	}
	if err == nil {
		t.Info, err = f.Stat()
	}
	if err == nil {
		err = stateOf(f, &t.stat)
	}
	if err == nil && names(t.Name, t.Info) {
		t.Old = f
		return true, nil
	}
	f.Close() // whoever held the lock has put another file in its place
	return false, err
}

// openFirst opens and locks the temporary file of an archive that does not exist. If it does exist
// now, it is not done.
func (t *Target) openFirst(s *Set, waiting func()) (done bool, err error) {
	adopted, err := s.adoptFirst(t.Output, appendName(t.Name), waiting)
	if noLocks(err) { // two could not share the file
		return true, s.stage(t.Output, 0o600)
	}
	if !adopted {
		return false, err
	}
	// Before it was locked, another one may have become the archive.
	if _, err = os.Stat(t.Name); errors.Is(err, fs.ErrNotExist) {
		if err = t.Output.file.Truncate(0); err == nil {
			return true, nil
		}
	}
	s.discard(t.Output)
	t.Output.file = nil
	return false, err
}

// adoptFirst makes the file called name the temporary one of o, locked, unless whoever had the lock
// has renamed or removed it. Between the file's creation and that, no signal may find it without an
// owner, or it would stay.
func (s *Set) adoptFirst(o *Output, name string, waiting func()) (adopted bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := openShared(name, os.O_RDWR|os.O_CREATE|noFollow|nonBlock, 0o600)
	if err != nil {
		return false, err
	}
	defer func() {
		if !adopted {
			f.Close()
		}
	}()
	if ours, err := mine(f); err != nil {
		return false, err
	} else if !ours {
		return false, fmt.Errorf("%s is in the way: it belongs to somebody else", name)
	}
	if err = tryLock(f, true); isLocked(err) {
		s.mu.Unlock()
		err = lock(f, waiting)
		s.mu.Lock()
	}
	if noLocks(err) {
		f.Close() // Windows removes no open file
		os.Remove(name)
	}
	if err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil || !names(name, info) {
		return false, err
	}
	s.adopt(o, f)
	return true, nil
}

// names reports whether a name still is that of a file.
func names(name string, file fs.FileInfo) bool {
	now, err := os.Lstat(name)
	return err == nil && os.SameFile(now, file)
}

// Commit puts the output in the place of the archive, with its mode and owner. A first one gets
// mode, less the umask.
func (t *Target) Commit(mode fs.FileMode) error {
	if t.Old == nil {
		if err := t.Output.SetMode(mode); err != nil {
			return err
		}
		return t.Output.Commit(nil)
	}
	if err := t.Output.copyOwner(&t.stat); err != nil {
		return err
	}
	now := time.Now()
	if err := os.Chtimes(t.Output.temporary, now, now); err != nil {
		return err
	}
	if !names(t.Name, t.Info) {
		return ui.Hinted("another file has taken its place meanwhile", "nothing was appended: who replaces an archive must not do so while lmz appends to it")
	}
	err := t.Output.Commit(nil)
	if errors.Is(err, fs.ErrPermission) && t.Output.temporary != "" {
		// Windows replaces no open file where the file system lacks the means of POSIX. Who waits
		// for the lock has it open, too, so that either this fails, or nobody sees the old archive.
		t.Old.Close()
		err = t.Output.Commit(nil)
	}
	return err
}

// Close removes what was not committed, and unlocks.
func (t *Target) Close() {
	if t.Output.file != nil {
		t.Output.Discard()
	}
	if t.Old != nil {
		t.Old.Close()
	}
}
