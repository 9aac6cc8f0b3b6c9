package coder

import (
	"errors"

	"github.com/lmz-go/lmz/internal/bwt"
	"github.com/lmz-go/lmz/internal/mix"
)

// BWTCoder is the Coder of the method BWT. It has tables for one chunk at a time, which lanes of a
// worker share; a lane has those of Mix or these.
type BWTCoder struct {
	lane *Lane
	fits bool
}

func (c *BWTCoder) tables() *bwt.Coder {
	if c.lane.mix.Size() > 0 {
		c.lane.mix, c.lane.mixed = mix.Coder{}, nil
	}
	return &c.lane.worker.bwt
}

// Encode implements Coder.
func (c *BWTCoder) Encode(dst, src []byte) (out []byte, err error) {
	out, c.fits, err = c.tables().Encode(c.lane.Context(), dst, src)
	return out, err
}

// Fits reports whether the last chunk that was encoded is what the method is made for: words that
// come often, but no long stretches that do.
func (c *BWTCoder) Fits() bool { return c.fits }

// Decode implements Coder.
func (c *BWTCoder) Decode(dst, src []byte, n int) ([]byte, error) {
	dst, err := c.tables().Decode(c.lane.Context(), dst, src, n)
	if errors.Is(err, bwt.ErrCorrupt) {
		err = corruptError{err}
	}
	return dst, err
}
