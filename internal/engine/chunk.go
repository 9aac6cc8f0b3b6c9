package engine

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/mix"
)

// Chunk is a chunk record that is decoded.
type Chunk struct {
	Task
	Record *format.Record
	Raw    []byte    // what it decodes to, once done
	Keeps  bool      // the state behind it is kept, since later chunks start from it
	Watch  mix.Watch // told what each byte costs, where the method can say; nil: nobody
	Prefix int       // of the chunk is enough, if its record has a sum for so many bytes; 0: it is not

	mixes  bool  // the header names a level
	cost   int64 // what it counts towards the memory limit
	primed *coder.Primed
}

// Primed is the state behind the chunk, which was decoded with Keeps set; nil if its method has
// none.
func (c *Chunk) Primed() *coder.Primed { return c.primed }

func (c *Chunk) decode(lane *coder.Lane, params coder.Params) error {
	r := c.Record
	if (r.Method == codec.Mix || r.Method == codec.BWT) && !c.mixes {
		return fmt.Errorf("%w: chunk of method %v, the header names no level", format.ErrCorrupt, r.Method)
	}
	if _, known := r.PrefixSum(c.Prefix); known && r.Method == codec.Mix && !c.Keeps {
		params.Prefix = c.Prefix
	}
	coding, err := coder.New(r.Method, lane, params)
	switch {
	case errors.Is(err, codec.ErrMethod):
		return fmt.Errorf("%w: %w", format.ErrUnsupportedVersion, err)
	case errors.Is(err, codec.ErrNoModel):
		return fmt.Errorf("%w: chunk needs a model, the header names none", format.ErrCorrupt)
	case err != nil:
		return err
	}
	c.Raw, err = coding.Decode(nil, r.Payload, r.Raw)
	if err == nil && params.Prefix > 0 {
		want, _ := r.PrefixSum(len(c.Raw))
		if sum := crc32.Checksum(c.Raw, format.Castagnoli); sum != want {
			return fmt.Errorf("%w: CRC32C of the first %d decoded bytes is %08x, want %08x", format.ErrCorrupt, len(c.Raw), sum, want)
		}
		return nil
	}
	switch {
	case errors.Is(err, coder.ErrCorrupt):
		return fmt.Errorf("%w: %w", format.ErrCorrupt, err)
	case err != nil:
		return err
	case len(c.Raw) != r.Raw:
		return fmt.Errorf("%w: decodes to %d bytes, want %d", format.ErrCorrupt, len(c.Raw), r.Raw)
	}
	if sum := crc32.Checksum(c.Raw, format.Castagnoli); sum != r.CRC32C {
		return fmt.Errorf("%w: CRC32C of the decoded bytes is %08x, want %08x", format.ErrCorrupt, sum, r.CRC32C)
	}
	if n := bytes.Count(c.Raw, []byte{'\n'}); n != r.Lines {
		return &format.LineCountError{Is: n, Want: r.Lines}
	}
	if mixer, ok := coding.(*coder.MixCoder); ok && c.Keeps {
		c.primed, err = mixer.Primed(c.Raw)
	}
	return err
}
