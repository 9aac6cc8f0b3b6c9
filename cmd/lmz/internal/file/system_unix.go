//go:build unix

package file

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// state is what is known of a file, with times as exact as they are kept.
type state = unix.Stat_t

const (
	nonBlock = unix.O_NONBLOCK
	noFollow = unix.O_NOFOLLOW
)

// openShared opens a file so that it can be renamed, replaced and deleted while it is open.
func openShared(name string, flags int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(name, flags, perm)
}

func stateOf(f *os.File, s *state) error { return unix.Fstat(int(f.Fd()), s) }

// deleted reports whether an open file has no name any more.
func deleted(f *os.File) (bool, error) {
	var st state
	err := stateOf(f, &st)
	return err == nil && st.Nlink == 0, err
}

// mine reports whether a file is a regular one of this user.
func mine(f *os.File) (bool, error) {
	var st state
	err := stateOf(f, &st)
	return st.Mode&unix.S_IFMT == unix.S_IFREG && int(st.Uid) == os.Geteuid(), err
}

// compare reports whether a name is that of the same regular file, and whether that is as it was.
func compare(name string, was *state) (same, unchanged bool, err error) {
	var now state
	if err := unix.Lstat(name, &now); err != nil {
		return false, false, &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	same = now.Mode&unix.S_IFMT == unix.S_IFREG && now.Dev == was.Dev && now.Ino == was.Ino
	// Who sets mtime back cannot set ctime.
	return same, now.Size == was.Size && now.Mtim == was.Mtim && now.Ctim == was.Ctim, nil
}

// closed reports whether a standard descriptor was closed when the process began. Go's runtime then
// opens /dev/null for reading and writing in its place, which hides that nothing comes from it, or
// arrives. A shell's </dev/null can only be read and its >/dev/null only be written. Where a daemon
// gives /dev/null for both ways, it has nothing to read and no place for a result either, so that
// is taken for closed too.
func closed(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return true
	}
	var st, null unix.Stat_t
	return flags&unix.O_ACCMODE == unix.O_RDWR && unix.Fstat(fd, &st) == nil && unix.Stat(os.DevNull, &null) == nil &&
		st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == null.Rdev
}

func umask() fs.FileMode {
	mask := unix.Umask(0)
	unix.Umask(mask)
	return fs.FileMode(mask)
}

// copyOwner gives the output the owner, if the user may, and the mode of a file. As in gzip, the
// owner comes last: who gives a file away may not change its mode any more.
func (o *Output) copyOwner(of *state) error {
	mode := fs.FileMode(of.Mode & 0o777)
	if o.file.Chown(-1, int(of.Gid)) != nil {
		// Another group: it must not get more than everybody has.
		mode &= 0o707 | mode&0o007<<3
	}
	if err := o.file.Chmod(mode); err != nil {
		return err
	}
	_ = o.file.Chown(int(of.Uid), -1)
	return nil
}

// copyTimes gives the output the times of a file.
func (o *Output) copyTimes(of *state) error {
	name := o.temporary
	if name == "" {
		name = o.Name
	}
	times := []unix.Timespec{of.Atim, of.Mtim} // not time.Time, whose nanoseconds end in 2262
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, name, times, 0); err != nil {
		return &os.PathError{Op: "utimensat", Path: name, Err: err}
	}
	return nil
}

// lock waits until nobody else has the lock.
func lock(f *os.File, waiting func()) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return err
	}
	waiting()
	for {
		if err = unix.Flock(int(f.Fd()), unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// tryLock takes a lock, alone or with others who read, unless somebody has it: then isLocked.
func tryLock(f *os.File, alone bool) error {
	how := unix.LOCK_SH
	if alone {
		how = unix.LOCK_EX
	}
	return unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
}

func isLocked(err error) bool { return errors.Is(err, unix.EWOULDBLOCK) }

func unlock(f *os.File) { _ = unix.Flock(int(f.Fd()), unix.LOCK_UN) }

// noLocks reports whether the file system has none.
func noLocks(err error) bool {
	return errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOLCK) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EBADF)
}
