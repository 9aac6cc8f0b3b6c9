//go:build llama && cgo

package llama

import (
	"os"

	"golang.org/x/sys/unix"
)

// anonymousFile makes a file in memory.
func anonymousFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("lmz-model", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "lmz-model"), nil
}
