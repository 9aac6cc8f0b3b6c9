package file

import (
	"bytes"
	"os"
)

// block is the unit of a hole, in bytes: that of most file systems.
const block = 4096

var zeros [block]byte

// sparse writes a new file and leaves out its zeros: blocks of which nothing is written take no
// place on the disk.
type sparse struct {
	file *os.File
	at   int64 // where the next byte goes
	end  int64 // of what was written
}

func (s *sparse) Write(p []byte) (written int, err error) {
	for len(p) > 0 {
		n := min(len(p), block-int(s.at%block))
		hole := empty(p[:n])
		for n < len(p) {
			more := min(len(p)-n, block)
			if empty(p[n:n+more]) != hole {
				break
			}
			n += more
		}
		if !hole {
			if n, err = s.file.WriteAt(p[:n], s.at); err != nil {
				return written + n, err
			}
			s.end = s.at + int64(n)
		}
		s.at += int64(n)
		written += n
		p = p[n:]
	}
	return written, nil
}

// empty reports whether a piece of at most a block has nothing but zeros.
func empty(piece []byte) bool { return bytes.Equal(piece, zeros[:len(piece)]) }

// finish gives the file its size.
func (s *sparse) finish() error {
	if s.end == s.at {
		return nil
	}
	return s.file.Truncate(s.at)
}
