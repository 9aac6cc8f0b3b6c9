package file

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// Stdin is standard input, or an error if it is closed.
func Stdin() (*os.File, error) {
	if closed(0) {
		return nil, ui.Hinted("is closed: bad file descriptor", "give a file, or </dev/null for what is empty")
	}
	return os.Stdin, nil
}

// Stdout is standard output, or an error if it is closed.
func Stdout() (*os.File, error) {
	if closed(1) {
		return nil, ui.Hinted("standard output is closed: bad file descriptor", "redirect it, if need be with >/dev/null")
	}
	return os.Stdout, nil
}

// closed reports whether a standard descriptor was closed when the process began. Go's runtime then opens /dev/null for reading
// and writing in its place, which hides that nothing comes from it, or arrives. A shell's </dev/null can only be read and its
// >/dev/null only be written. Where a daemon gives /dev/null for both ways, it has nothing to read and no place for a
// result either, so that is taken for closed too.
func closed(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return true
	}
	var st, null unix.Stat_t
	return flags&unix.O_ACCMODE == unix.O_RDWR && unix.Fstat(fd, &st) == nil && unix.Stat(os.DevNull, &null) == nil &&
		st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == null.Rdev
}
