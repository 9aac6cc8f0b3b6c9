package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/renameio/v2"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// ErrSame is returned when the output would be written over the source.
var ErrSame = errors.New("input and output are the same file")

// Output is where the result of one source goes: a new file, which appears under its name only when it is complete, or
// standard output or a device, which are written as they are.
type Output struct {
	Name   string
	file   *os.File              // what is written to
	staged *renameio.PendingFile // file, when it is to be renamed to Name
	set    *Set
	force  bool
	live   bool // written under its name from the beginning
}

// Manner is how an output is made.
type Manner struct {
	Force bool // a file that has its name is replaced
	Live  bool // it has its name from the beginning, and keeps what was synced whatever happens
}

// Create opens the output called name, "-" for standard output. src is what it is made from.
func (s *Set) Create(name string, src *Source, how Manner) (*Output, error) {
	if name == "-" {
		if info, err := os.Stdout.Stat(); err == nil && SameRegular(info, src.Info) {
			return nil, ErrSame
		}
		return &Output{Name: name, file: os.Stdout}, nil
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case os.SameFile(info, src.Info):
		return nil, ErrSame
	case info.IsDir():
		return nil, ui.Hinted(name+" is a folder", "-o takes the name of a file")
	case !info.Mode().IsRegular():
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &Output{Name: name, file: f}, nil
	}
	o := &Output{Name: name, set: s, force: how.Force}
	if err := o.mayReplace(); err != nil {
		return nil, err
	}
	if how.Live {
		return o, o.openLive(src)
	}
	// Private until complete.
	perm := fs.FileMode(0o600)
	if !src.Regular() {
		perm = 0o666 // less the umask
	}
	if err := s.stage(o, perm); err != nil {
		return nil, err
	}
	return o, nil
}

// Replace makes an output that takes the place of the file called name, or of none if there is none yet.
func (s *Set) Replace(name string, force bool) (*Output, error) {
	o := &Output{Name: name, set: s, force: force}
	if err := s.stage(o, 0o600); err != nil {
		return nil, err
	}
	return o, nil
}

// SameRegular reports whether both are one regular file.
func SameRegular(a, b fs.FileInfo) bool { return a.Mode().IsRegular() && os.SameFile(a, b) }

func (o *Output) mayReplace() error {
	if _, err := os.Lstat(o.Name); err == nil && !o.force {
		return ui.Hinted(o.Name+" exists already", "overwrite it with -f, or give -o FILE")
	}
	return nil
}

// openLive makes an output that has its name from the beginning.
func (o *Output) openLive(src *Source) (err error) {
	if err := os.Remove(o.Name); err != nil && !os.IsNotExist(err) {
		return err
	}
	perm := os.FileMode(0o666) // less the umask
	if src.Regular() {
		perm = 0o600 // until it is complete
	}
	o.live = true
	o.file, err = os.OpenFile(o.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	return err
}

// Staged reports whether the output is a new regular file, which has its name only when it is complete.
func (o *Output) Staged() bool { return o.staged != nil }

// TemporaryName is where a staged output lies until it is complete.
func (o *Output) TemporaryName() string { return o.staged.Name() }

func (o *Output) Write(p []byte) (int, error) { return o.file.Write(p) }

// Rewind takes back what was written to a staged output after its first size bytes.
func (o *Output) Rewind(size int64) error {
	err := o.file.Truncate(size)
	_, seek := o.file.Seek(size, 0)
	return errors.Join(err, seek)
}

// Sync makes what has been written to a file durable; pipes and devices have nothing to sync.
func (o *Output) Sync() error {
	if info, err := o.file.Stat(); err != nil || !info.Mode().IsRegular() {
		return err
	}
	return o.file.Sync()
}

// Commit makes the output appear under its name, with the mode, owner and times of src unless that is nil.
func (o *Output) Commit(src *Source) error {
	if o.file == os.Stdout {
		return nil
	}
	if src != nil && src.Regular() && (o.live || o.Staged()) {
		if err := o.CopyAttributes(src.Info); err != nil {
			return err
		}
	}
	if o.Staged() {
		if err := o.mayReplace(); err != nil {
			return err
		}
		return o.set.commit()
	}
	if err := o.Sync(); err != nil {
		return err
	}
	return o.file.Close()
}

// SyncFolder makes the output's name durable.
func (o *Output) SyncFolder() error {
	d, err := os.Open(filepath.Dir(o.Name))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Discard removes what Commit has not made permanent.
func (o *Output) Discard() {
	if o.Staged() {
		o.set.discard()
	} else if o.file != os.Stdout {
		o.file.Close()
	}
}

// Restrict takes away permissions that are not in mode.
func (o *Output) Restrict(mode fs.FileMode) error {
	info, err := o.file.Stat()
	if err != nil {
		return err
	}
	return o.file.Chmod(info.Mode().Perm() & (mode | 0o600))
}

// SetMode gives the output a mode, less the umask.
func (o *Output) SetMode(mode fs.FileMode) error {
	mask := syscall.Umask(0)
	syscall.Umask(mask)
	return o.file.Chmod(mode &^ fs.FileMode(mask))
}

// Touch sets the time of the last change.
func (o *Output) Touch(t time.Time) error { return os.Chtimes(o.file.Name(), t, t) }

// CopyAttributes gives the output the owner, if the user may, the mode and the times of a file.
func (o *Output) CopyAttributes(info fs.FileInfo) error {
	mode := info.Mode().Perm()
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = o.file.Chown(int(st.Uid), -1)
		if o.file.Chown(-1, int(st.Gid)) != nil {
			// Another group: it must not get more than everybody has.
			mode &= 0o707 | mode&0o007<<3
		}
	}
	if err := o.file.Chmod(mode); err != nil {
		return err
	}
	return os.Chtimes(o.file.Name(), info.ModTime(), info.ModTime())
}
