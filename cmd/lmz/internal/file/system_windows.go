package file

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// state is what is known of a file.
type state struct{ fs.FileInfo }

// Files of Windows have no FIFOs among them, and names that are links are not followed to elsewhere
// by creating.
const (
	nonBlock = 0
	noFollow = 0
)

// openShared opens a file as os.OpenFile does, so that it can be renamed, replaced and deleted
// while it is open.
func openShared(name string, flags int, _ fs.FileMode) (*os.File, error) {
	fail := func(err error) (*os.File, error) { return nil, &os.PathError{Op: "open", Path: name, Err: err} }
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return fail(err)
	}
	access := uint32(windows.GENERIC_READ)
	switch {
	case flags&os.O_RDWR != 0:
		access |= windows.GENERIC_WRITE
	case flags&os.O_WRONLY != 0:
		access = windows.GENERIC_WRITE
	}
	mode := uint32(windows.OPEN_EXISTING)
	switch {
	case flags&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
		mode = windows.CREATE_NEW
	case flags&os.O_CREATE != 0:
		mode = windows.OPEN_ALWAYS
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	h, err := windows.CreateFile(path, access, share, nil, mode, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return fail(err)
	}
	return os.NewFile(uintptr(h), name), nil
}

func stateOf(f *os.File, s *state) (err error) {
	s.FileInfo, err = f.Stat()
	return err
}

// deleted reports whether an open file has no name any more.
func deleted(f *os.File) (bool, error) {
	var info windows.ByHandleFileInformation
	err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info)
	return err == nil && info.NumberOfLinks == 0, err
}

// mine reports whether a file is a regular one. Whose it is, is a matter of the folder's rights.
func mine(f *os.File) (bool, error) {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular(), err
}

// compare reports whether a name is that of the same regular file, and whether that is as it was.
func compare(name string, was *state) (same, unchanged bool, err error) {
	now, err := os.Lstat(name)
	if err != nil {
		return false, false, err
	}
	same = now.Mode().IsRegular() && os.SameFile(now, was.FileInfo) // which knows only its own type
	return same, now.Size() == was.Size() && now.ModTime().Equal(was.ModTime()), nil
}

// closed reports whether a standard handle is none.
func closed(fd int) bool {
	kind, err := windows.GetFileType(windows.Handle([]*os.File{os.Stdin, os.Stdout}[fd].Fd()))
	return err != nil || kind == windows.FILE_TYPE_UNKNOWN
}

func umask() fs.FileMode { return 0 }

// copyOwner gives the output the mode of a file. Its owner is the user.
func (o *Output) copyOwner(of *state) error { return o.file.Chmod(of.Mode().Perm()) }

// copyTimes gives the output the time of a file.
func (o *Output) copyTimes(of *state) error {
	name := o.temporary
	if name == "" {
		name = o.Name
	}
	return os.Chtimes(name, of.ModTime(), of.ModTime())
}

// lockedByte is none of any file: locks of Windows keep others from reading.
var lockedByte = windows.Overlapped{OffsetHigh: 1<<31 - 1}

// tryLock takes a lock, alone or with others who read, unless somebody has it: then isLocked.
func tryLock(f *os.File, alone bool) error {
	at, how := lockedByte, uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if alone {
		how |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	return windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, &at)
}

func isLocked(err error) bool {
	return errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING)
}

func unlock(f *os.File) {
	at := lockedByte
	_ = windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, &at)
}

// lock waits until nobody else has the lock.
func lock(f *os.File, waiting func()) error {
	if err := tryLock(f, true); !isLocked(err) {
		return err
	}
	waiting()
	at := lockedByte
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &at)
}

// noLocks reports whether the file system has none.
func noLocks(err error) bool { return errors.Is(err, windows.ERROR_INVALID_FUNCTION) }
