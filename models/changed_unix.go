//go:build unix

package models

import "golang.org/x/sys/unix"

// changed gives when the inode of the file at path was changed last, in nanoseconds since 1970, and
// its number.
func changed(path string) (ctime int64, inode uint64) {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return 0, 0
	}
	return unix.TimespecToNsec(st.Ctim), uint64(st.Ino)
}
