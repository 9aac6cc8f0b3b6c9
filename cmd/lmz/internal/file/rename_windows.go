package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// renameNew renames a file unless there is one that has the new name: the error then is
// fs.ErrExist.
func renameNew(from, to string) error {
	old, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(to)
	if err == nil {
		err = windows.MoveFileEx(old, name, windows.MOVEFILE_WRITE_THROUGH)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// renameOver renames a file in its folder, which replaces another one of the new name, also one
// that is open, where that allows it (openShared). os.Rename replaces none that is open.
func renameOver(from, to string) error {
	folder, err := os.OpenRoot(filepath.Dir(from))
	if err != nil {
		return err
	}
	defer folder.Close()
	err = folder.Rename(filepath.Base(from), filepath.Base(to))
	if errors.Is(err, fs.ErrPermission) && os.Chmod(to, 0o666) == nil { // it can only be read
		err = folder.Rename(filepath.Base(from), filepath.Base(to))
	}
	return err
}
