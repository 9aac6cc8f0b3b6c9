package file

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/folder"
	"github.com/lmz-go/lmz/internal/remote"
)

// ErrSame is returned when the output would be written over the source.
var ErrSame = errors.New("input and output are the same file")

// ErrExists is returned when a file has the output's name, and may not be overwritten.
var ErrExists = errors.New("exists already")

// Output is where the result of one source goes: a new file, which appears under its name only when
// it is complete, or standard output or a device, which are written as they are.
type Output struct {
	Name string

	file      *os.File // what is written to
	writer    io.Writer
	holes     *sparse // writer, if zeros are left out
	staged    bool    // it has its name only when it is complete
	live      bool    // it has its name from the beginning
	growing   bool    // others may read it now
	length    int64   // what it has at least, if it is growing
	force     bool
	set       *Set
	temporary string      // the name of file until then
	final     fs.FileInfo // as it was committed
	over      fs.FileInfo // what has its name when it is begun, or standard output; nil: nothing

	upload remote.Upload // in place of file
}

// Manner is how an output is made.
type Manner struct {
	Force  bool // a file that has its name is replaced
	Live   bool // it has its name from the beginning, and keeps what was synced whatever happens
	Sparse bool // zeros become holes, if it is a new file
}

// Create opens the output called name, "-" for standard output. src is what it is made from.
func (s *Set) Create(name string, src *Source, how Manner) (*Output, error) {
	if name == "-" {
		f, err := Stdout()
		if err != nil {
			return nil, err
		}
		o := &Output{Name: name, file: f, writer: f}
		if o.over, err = f.Stat(); err == nil && SameRegular(o.over, src.Info) {
			return nil, ErrSame
		}
		return o, nil
	}
	if remote.IsURL(name) {
		return s.createObject(name, src, how)
	}
	name = remote.Path(name)
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case os.SameFile(info, src.Info):
		return nil, ErrSame
	case s.needs(info):
		return nil, ui.Hinted(name+" is a dictionary or model of this run, which archives need", "give another FILE with -o")
	case info.IsDir():
		return nil, ui.Hinted(name+" is a folder", "-o takes the name of a file")
	case !info.Mode().IsRegular():
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &Output{Name: name, file: f, writer: f}, nil
	}
	o := &Output{Name: name, force: how.Force, over: info}
	if there, err := os.Lstat(name); err == nil && !how.Force {
		return nil, o.exists()
	} else if err == nil && there.Mode().IsRegular() && isWritten(name) {
		return nil, ui.Hinted(name+" is being written by another lmz", "what that writes would be lost: end it first, or give -o FILE")
	}
	// Private until complete.
	perm := fs.FileMode(0o600)
	if !src.Regular() {
		perm = 0o666 // less the umask
	}
	if how.Live {
		return o, o.openLive(perm)
	}
	if err := s.stage(o, perm); err != nil {
		return nil, err
	}
	o.staged, o.writer = true, o.file
	if how.Sparse {
		o.holes = &sparse{file: o.file}
		o.writer = o.holes
	}
	return o, nil
}

// Overwrites says whether the output is, or takes the place of, a regular file.
func (o *Output) Overwrites(name string) bool {
	info, err := os.Stat(remote.Path(name))
	return err == nil && o.over != nil && SameRegular(o.over, info)
}

// SameRegular reports whether both are one regular file.
func SameRegular(a, b fs.FileInfo) bool { return a.Mode().IsRegular() && os.SameFile(a, b) }

func (o *Output) exists() error { return existsError{o.Name} }

type existsError struct{ name string }

func (e existsError) Error() string { return e.name + " " + ErrExists.Error() }
func (e existsError) Hint() string  { return "overwrite it with -f, or give another FILE with -o" }
func (e existsError) Unwrap() error { return ErrExists }

// openLive makes an output that has its name from the beginning.
func (o *Output) openLive(perm fs.FileMode) (err error) {
	if o.force {
		if err := os.Remove(o.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	o.live = true
	o.file, err = openShared(o.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if o.writer = o.file; errors.Is(err, fs.ErrExist) {
		return o.exists()
	}
	return err
}

// Staged reports whether the output is a new regular file, which has its name only when it is
// complete.
func (o *Output) Staged() bool { return o.staged }

// TemporaryName is where a staged output lies until it is complete.
func (o *Output) TemporaryName() string { return o.temporary }

func (o *Output) Write(p []byte) (int, error) {
	if err := o.checkLength(); err != nil {
		return 0, err
	}
	n, err := o.writer.Write(p)
	o.length += int64(n)
	return n, err
}

// Needs says whether the source is one of the files that the run's results are read with (Keep).
func (o *Output) Needs(src *Source) bool { return o.set != nil && o.set.needs(src.Info) }

// Rewind takes back what was written to a staged output after its first size bytes.
func (o *Output) Rewind(size int64) error {
	if err := o.file.Truncate(size); err != nil {
		return err
	}
	_, err := o.file.Seek(size, io.SeekStart)
	return err
}

// Sync makes what has been written to a file durable; pipes and devices have nothing to sync.
func (o *Output) Sync() error {
	if regular, err := o.regular(); !regular {
		return err
	}
	return o.file.Sync()
}

// regular says whether what is written to is a regular file.
func (o *Output) regular() (bool, error) {
	if o.upload != nil {
		return false, nil
	}
	info, err := o.file.Stat()
	return err == nil && info.Mode().IsRegular(), err
}

// Commit makes the output appear under its name, with the mode, owner and times of src unless that
// is nil.
func (o *Output) Commit(src *Source) error {
	if o.upload != nil {
		return o.commitObject()
	}
	if !o.staged && !o.live {
		if o.file == os.Stdout {
			return nil
		}
		return errors.Join(o.Sync(), o.file.Close())
	}
	if o.holes != nil {
		if err := o.holes.finish(); err != nil {
			return err
		}
	}
	if src != nil && src.Regular() {
		if err := o.copyOwner(&src.stat); err != nil {
			return err
		}
		if err := o.copyTimes(&src.stat); err != nil {
			return err
		}
	}
	if err := o.Sync(); err != nil {
		return err
	}
	if o.live {
		return o.file.Close()
	}
	var err error
	if o.final, err = o.file.Stat(); err != nil {
		return err
	}
	if err := o.set.publish(o); !o.force && errors.Is(err, fs.ErrExist) {
		return o.exists()
	} else if err != nil {
		return err
	}
	return nil
}

// Prove makes the output's name durable and makes sure that it is the file that was committed, and
// not one that somebody else has put there since, with a *ui.SkipError. Sources may be deleted
// after that.
func (o *Output) Prove() error {
	if o.upload != nil {
		return o.upload.Prove()
	}
	if !o.staged {
		return ui.Kept(o.Name + " is not a regular file")
	}
	if err := folder.Sync(filepath.Dir(o.Name)); err != nil {
		return err
	}
	now, err := os.Lstat(o.Name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// The file is still open, so that no other can have its inode.
	if err != nil || !os.SameFile(now, o.final) || now.Size() != o.final.Size() {
		return ui.Kept(o.Name + " is no longer what was written")
	}
	return nil
}

// Discard removes what Commit has not made permanent, and closes the output.
func (o *Output) Discard() {
	if o.staged {
		o.set.discard(o)
	} else if o.file != os.Stdout {
		o.file.Close()
	}
}
