//go:build unix

package cloud

import (
	"fmt"
	"io/fs"
	"syscall"
)

// inode tells a file from others that had its name, of the same size and time.
func inode(s fs.FileInfo) string {
	if sys, ok := s.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("-%d", sys.Ino)
	}
	return ""
}
