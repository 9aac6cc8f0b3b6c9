//go:build unix

package file

import (
	"errors"
	"io/fs"
	"os"
)

// renameOver renames a file, which replaces another one of the new name.
func renameOver(from, to string) error { return os.Rename(from, to) }

// link is renameNew by a second name for the file.
func link(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	return reserve(from, to) // the file system has no second names
}

// reserve is renameNew that takes the name with an empty file first.
func reserve(from, to string) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	return os.Rename(from, to)
}
