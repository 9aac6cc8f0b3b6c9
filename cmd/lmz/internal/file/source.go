// Package file opens what a run reads and writes. An output appears under its name only when it is
// complete, and a source is deleted only after it is proven that its archive gives it back.
package file

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/remote"
)

// Source is what one file of the command line is read from. Offsets count from where it stood when
// it was opened, which for standard input need not be its first byte.
type Source struct {
	Name  string // "-": standard input
	Info  fs.FileInfo
	Stdin bool

	file   *os.File
	stat   state         // as Info
	base   int64         // offset of the first byte in the file
	object remote.Object // in place of file
}

// Open opens the file called name, "-" for standard input. A folder is a *ui.SkipError, and so is
// whatever else is not a regular file, without opening it, unless the user means it: a FIFO blocks
// until somebody writes, a device may never end.
func Open(name string, meant bool) (*Source, error) {
	if name == "-" {
		return openStdin()
	}
	if remote.IsURL(name) {
		return openObject(name)
	}
	name = remote.Path(name)
	info, err := os.Stat(name)
	if err == nil {
		err = mayOpen(info, meant || inherited(name))
	}
	if err != nil {
		return nil, err
	}
	flags := os.O_RDONLY
	if info.Mode().IsRegular() {
		flags |= nonBlock // else it blocks if a FIFO has taken the name since
	}
	f, err := openShared(name, flags, 0)
	if err != nil {
		return nil, err
	}
	s, err := newSource(name, f)
	if err == nil && !os.SameFile(s.Info, info) {
		err = mayOpen(s.Info, meant)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

// ErrFolder is why a folder is skipped.
var ErrFolder = ui.Skip("is a folder", "name its files")

// mayOpen says why a file is skipped.
func mayOpen(info fs.FileInfo, meant bool) error {
	switch {
	case info.IsDir():
		return ErrFolder
	case !info.Mode().IsRegular() && !meant:
		return ui.Skip("is "+kind(info.Mode())+", not a regular file", "give -f if it is to be read, or redirect standard input")
	}
	return nil
}

func kind(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "something special"
}

// inherited says whether the name is one for an open descriptor, as a shell's <(command) gives:
// nobody names it by accident.
func inherited(name string) bool {
	return name == "/dev/stdin" || strings.HasPrefix(name, "/dev/fd/") || strings.HasPrefix(name, "/proc/self/fd/")
}

// OpenRegular opens a file whose size must be known. What has none is not opened; hint says what
// else can be done with it.
func OpenRegular(name, hint string) (*Source, error) {
	irregular := func(info fs.FileInfo) error {
		return ui.Hinted("is "+kind(info.Mode())+", not a regular file", hint)
	}
	if name != "-" && !remote.IsURL(name) {
		if info, err := os.Stat(remote.Path(name)); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
			return nil, irregular(info)
		}
	}
	s, err := Open(name, false)
	if err == nil && s.Size() < 0 {
		s.Close()
		return nil, irregular(s.Info)
	}
	return s, err
}

func openStdin() (*Source, error) {
	f, err := Stdin()
	if err != nil {
		return nil, err
	}
	s, err := newSource("-", f)
	if err != nil {
		return nil, err
	}
	s.Stdin = true
	if s.Info.Mode().IsRegular() {
		s.base, err = f.Seek(0, io.SeekCurrent)
	}
	return s, err
}

func newSource(name string, f *os.File) (*Source, error) {
	s := &Source{Name: name, file: f}
	var err error
	if s.Info, err = f.Stat(); err != nil {
		return nil, err
	}
	return s, stateOf(f, &s.stat)
}

// Regular reports whether the source is a named file with a size, owner, mode and time worth
// keeping.
func (s *Source) Regular() bool { return !s.Stdin && s.object == nil && s.Info.Mode().IsRegular() }

// Removable reports whether the source can be read again and deleted: a named file, or an object.
func (s *Source) Removable() bool { return s.Regular() || s.object != nil }

// Size in bytes when it was opened, or -1 when that is not known before the end.
func (s *Source) Size() int64 {
	if s.Info.Mode().IsRegular() {
		return max(0, s.Info.Size()-s.base)
	}
	return -1
}

// SizeNow is Size of what has become of a regular file since it was opened.
func (s *Source) SizeNow() int64 {
	if s.object == nil {
		if info, err := s.file.Stat(); err == nil {
			return max(0, info.Size()-s.base)
		}
	}
	return s.Size()
}

// Terminal reports whether a user types it.
func (s *Source) Terminal() bool { return s.object == nil && term.IsTerminal(int(s.file.Fd())) }

func (s *Source) Read(p []byte) (int, error) {
	if s.object != nil {
		return s.object.Read(p)
	}
	return s.file.Read(p)
}

// ReadAt reads at an offset of a regular file. It does not move where Read goes on.
func (s *Source) ReadAt(p []byte, off int64) (int, error) {
	if s.object != nil {
		return s.object.ReadAt(p, off)
	}
	return s.file.ReadAt(p, s.base+off)
}

// Close closes all but standard input.
func (s *Source) Close() error {
	switch {
	case s.object != nil:
		return s.object.Close()
	case s.Stdin:
		return nil
	}
	return s.file.Close()
}

// Remove deletes the source. A link is kept, since deleting it would not delete what was
// compressed, and so is a path that another file has taken since, or a file that was changed since
// it was opened, with a *ui.SkipError.
func (s *Source) Remove() error {
	if s.object != nil {
		err := s.object.Remove()
		if errors.Is(err, remote.ErrChanged) {
			return ui.Kept("it changed in the meantime")
		}
		return err
	}
	same, unchanged, err := compare(s.Name, &s.stat)
	switch {
	case err != nil:
		return err
	case !s.Regular():
		return ui.Kept("it is not a regular file")
	case !same && isLink(s.Name):
		return ui.Kept("it is a link")
	case !same:
		return ui.Kept("another file has its name now")
	case !unchanged:
		return ui.Kept("it changed in the meantime")
	}
	return os.Remove(s.Name)
}

func isLink(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}
