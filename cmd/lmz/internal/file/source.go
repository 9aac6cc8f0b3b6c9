// Package file opens what a run reads and writes. An output appears under its name only when it is complete, and a source is
// deleted only after it is proven that its archive gives it back.
package file

import (
	"io/fs"
	"os"

	"golang.org/x/term"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// Source is what one file of the command line is read from.
type Source struct {
	*os.File
	Name  string // "-": standard input
	Info  fs.FileInfo
	Stdin bool
}

// Open opens the file called name, "-" for standard input. A folder is a *ui.SkipError.
func Open(name string) (*Source, error) {
	if name == "-" {
		info, err := os.Stdin.Stat()
		return &Source{File: os.Stdin, Name: name, Info: info, Stdin: true}, err
	}
	// Opening a FIFO blocks until somebody writes, as a user who names one expects.
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, ui.Skip("is a folder", "name its files, or pack it with tar first")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, err
	}
	return &Source{File: f, Name: name, Info: info}, nil
}

// Regular reports whether the source is a named file with a size, owner, mode and time worth keeping.
func (s *Source) Regular() bool { return !s.Stdin && s.Info.Mode().IsRegular() }

// Size in bytes, or -1 when it is not known before the end.
func (s *Source) Size() int64 {
	if s.Info.Mode().IsRegular() {
		return s.Info.Size()
	}
	return -1
}

// Terminal reports whether a user types it.
func (s *Source) Terminal() bool { return term.IsTerminal(int(s.Fd())) }

// Close closes all but standard input.
func (s *Source) Close() error {
	if s.Stdin {
		return nil
	}
	return s.File.Close()
}

// Remove deletes the source. A link is kept, since deleting it would not delete what was compressed, and so is a path
// that another file has taken since, with a *ui.SkipError.
func (s *Source) Remove() error {
	info, err := os.Lstat(s.Name)
	switch {
	case err != nil:
		return err
	case !s.Regular() || !info.Mode().IsRegular() || !os.SameFile(info, s.Info):
		return ui.Skip("is kept: not a regular file of its own", "")
	case info.Size() != s.Info.Size() || !info.ModTime().Equal(s.Info.ModTime()):
		return ui.Skip("is kept: it changed in the meantime", "")
	}
	return os.Remove(s.Name)
}
