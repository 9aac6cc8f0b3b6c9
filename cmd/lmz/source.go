package main

import (
	"io/fs"
	"os"

	"golang.org/x/term"
)

// source is what one file of the command line is read from.
type source struct {
	*os.File
	name  string
	info  fs.FileInfo
	stdin bool
}

func openSource(name string) (*source, error) {
	if name == "-" {
		info, err := os.Stdin.Stat()
		return &source{File: os.Stdin, name: name, info: info, stdin: true}, err
	}
	// Opening a FIFO blocks until somebody writes, as a user who names one expects.
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &skipError{msg: "is a folder", hint: "name its files, or pack it with tar first"}
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, err
	}
	return &source{File: f, name: name, info: info}, nil
}

// regular reports whether the source is a named file with a size, owner, mode and time worth keeping.
func (s *source) regular() bool { return !s.stdin && s.info.Mode().IsRegular() }

// size in bytes, or -1 when it is not known before the end.
func (s *source) size() int64 {
	if s.info.Mode().IsRegular() {
		return s.info.Size()
	}
	return -1
}

func (s *source) terminal() bool { return term.IsTerminal(int(s.Fd())) }

func (s *source) Close() error {
	if s.stdin {
		return nil
	}
	return s.File.Close()
}

// remove deletes the source. A link is kept, since deleting it would not delete what was compressed, and so is a path
// that another file has taken since.
func (s *source) remove() error {
	info, err := os.Lstat(s.name)
	switch {
	case err != nil:
		return err
	case !s.regular() || !info.Mode().IsRegular() || !os.SameFile(info, s.info):
		return &skipError{msg: "is kept: not a regular file of its own"}
	case info.Size() != s.info.Size() || !info.ModTime().Equal(s.info.ModTime()):
		return &skipError{msg: "is kept: it changed in the meantime"}
	}
	return os.Remove(s.name)
}
