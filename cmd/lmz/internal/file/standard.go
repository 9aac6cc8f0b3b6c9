package file

import (
	"os"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// Stdin is standard input, or an error if it is closed. Go opens /dev/null for what is closed, for
// reading and writing: somebody else who did so cannot be told from it, and is told how not to.
func Stdin() (*os.File, error) {
	if closed(0) {
		return nil, ui.Hinted("is closed: bad file descriptor", "give a file, or for what is empty /dev/null, opened for reading alone")
	}
	return os.Stdin, nil
}

// Stdout is standard output, or an error if it is closed.
func Stdout() (*os.File, error) {
	if closed(1) {
		return nil, ui.Hinted("standard output is closed: bad file descriptor", "redirect it, if need be to /dev/null, opened for writing alone")
	}
	return os.Stdout, nil
}
