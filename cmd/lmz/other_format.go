package main

import (
	"io"
	"strings"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
)

// otherFormats are those of programs like lmz, by what their files begin with.
var otherFormats = []struct{ magic, program string }{
	{gzipMagic, "gzip"}, {zstdMagic, "zstd"}, {xzMagic, "xz"}, {"BZh", "bzip2"},
}

// otherFormat is the program that has written a regular file, if it is one of these.
func otherFormat(r io.ReaderAt) string {
	head := make([]byte, 6)
	n, _ := r.ReadAt(head, 0)
	for _, f := range otherFormats {
		if strings.HasPrefix(string(head[:n]), f.magic) {
			return f.program
		}
	}
	return ""
}

// otherError says of what is no archive what it is.
type otherError struct {
	error
	program string
}

func (e *otherError) Unwrap() error { return e.error }
func (e *otherError) Error() string { return e.error.Error() + ", but a file of " + e.program }
func (e *otherError) Hint() string  { return otherHint(e.program) }

func otherHint(program string) string { return program + " -d decompresses it" }

// ofOther is an error of reading a file that is no archive.
func ofOther(name string, err error) error {
	if name == "-" {
		return err // what was read of it is gone
	}
	src, failed := file.Open(name, false)
	if failed != nil || src.Size() < 0 {
		return err
	}
	defer src.Close()
	if program := otherFormat(src); program != "" {
		return &otherError{err, program}
	}
	return err
}
