package file

import (
	"io"
	"os"
)

// SpoolStdin opens standard input for reading at any place: where it is a pipe, what comes is kept
// in a temporary file, which has no name any more.
func SpoolStdin() (*Source, error) {
	s, err := openStdin()
	if err != nil || s.Size() >= 0 {
		return s, err
	}
	f, err := os.CreateTemp("", "lmz")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name()) // Windows does it not, while it is open
	if _, err = io.Copy(f, s); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	kept, err := newSource("-", f)
	if err == nil {
		kept.Stdin = true // still without a name, mode and times of its own
	}
	return kept, err
}
