package folder

import (
	"os"

	"golang.org/x/sys/windows"
)

// Sync makes the names in a folder durable.
func Sync(name string) error {
	fail := func(err error) error { return &os.PathError{Op: "sync", Path: name, Err: err} }
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return fail(err)
	}
	// To flush it takes a right to write. Who could make a file has this one.
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	h, err := windows.CreateFile(path, windows.FILE_WRITE_DATA, share, nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return fail(err)
	}
	defer windows.CloseHandle(h)
	if err := windows.FlushFileBuffers(h); err != nil {
		return fail(err)
	}
	return nil
}
