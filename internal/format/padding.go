package format

import (
	"fmt"
	"io"
)

// Padding is zeros between a footer and the header behind it, or the end of the archive: tapes and
// dd leave such.

// skipPadding passes over zeros.
func (r *recorder) skipPadding() error {
	for {
		c, err := r.r.ReadByte()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case c != 0:
			return r.r.UnreadByte()
		}
		r.Off++
	}
}

// TrimPadding is where the bytes in front of end begin that are all zeros: end if there are none.
// It is an error if r ends in front of end.
func TrimPadding(r io.ReaderAt, end int64) (int64, error) {
	var block [32 << 10]byte
	for n := int64(FooterSize); end > 0; n = int64(len(block)) { // mostly there are none
		p := block[:min(n, end)]
		if got, err := r.ReadAt(p, end-int64(len(p))); got < len(p) {
			if err == nil || err == io.EOF {
				err = fmt.Errorf("%w: it has fewer than %d bytes", ErrTruncated, end)
			}
			return 0, err
		}
		for i := len(p) - 1; i >= 0; i-- {
			if p[i] != 0 {
				return end - int64(len(p)-1-i), nil
			}
		}
		end -= int64(len(p))
	}
	return 0, nil
}
