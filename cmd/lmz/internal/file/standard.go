package file

import (
	"os"

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
