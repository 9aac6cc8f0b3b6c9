package file

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Restrict takes away permissions that are not in mode.
func (o *Output) Restrict(mode fs.FileMode) error {
	info, err := o.file.Stat()
	if err != nil {
		return err
	}
	return o.file.Chmod(info.Mode().Perm() & (mode | 0o600))
}

// SetMode gives the output a mode, less the umask.
func (o *Output) SetMode(mode fs.FileMode) error {
	mask := unix.Umask(0)
	unix.Umask(mask)
	return o.file.Chmod(mode &^ fs.FileMode(mask))
}

// copyOwner gives the output the owner, if the user may, and the mode of a file. As in gzip, the owner comes last: who gives
// a file away may not change its mode any more.
func (o *Output) copyOwner(of *unix.Stat_t) error {
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
func (o *Output) copyTimes(of *unix.Stat_t) error {
	name := o.temporary
	if name == "" {
		name = o.Name
	}
	times := []unix.Timespec{of.Atim, of.Mtim} // not through time.Time, whose nanoseconds end in 2262
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, name, times, 0); err != nil {
		return &os.PathError{Op: "utimensat", Path: name, Err: err}
	}
	return nil
}
