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
	Text   []byte    // what it decodes to, once done: its lead and its content
	Raw    []byte    // the content
	Keeps  bool      // the state behind it is kept, since later chunks start from it
	Watch  mix.Watch // told what each byte costs, where the method can say; nil: nobody

	// Enough is told, every thousand bytes or so while it is decoded, of the prefix that is known to
	// be right by a sum in the record, and ends decoding, with Raw no longer than that, when it says
	// so. It is called on another goroutine; what it is told of stays as it is. nil: all is decoded.
	Enough func(right []byte) bool

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
	prefix := sumChecker{record: r}
	if c.Enough != nil {
		params.Enough = func(decoded []byte) bool {
			prefix.enough = c.Enough(prefix.right(decoded))
			return prefix.enough
		}
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
	c.Text, err = coding.Decode(nil, r.Payload, r.Lead+r.Raw)
	switch {
	case err == nil && prefix.enough: // which no chunk with a lead has a sum of
		c.Raw = c.Text[:prefix.known]
		return nil
	case errors.Is(err, coder.ErrCorrupt):
		return fmt.Errorf("%w: %w", format.ErrCorrupt, err)
	case err != nil:
		return err
	case len(c.Text) != r.Lead+r.Raw:
		return fmt.Errorf("%w: decodes to %d bytes, want %d", format.ErrCorrupt, len(c.Text), r.Lead+r.Raw)
	}
	if sum := crc32.Checksum(c.Text, format.Castagnoli); sum != r.CRC32C {
		return fmt.Errorf("%w: CRC32C of the decoded bytes is %08x, want %08x", format.ErrCorrupt, sum, r.CRC32C)
	}
	c.Raw = c.Text[r.Lead:]
	if n := bytes.Count(c.Raw, []byte{'\n'}); n != r.Lines {
		return &format.LineCountError{Is: n, Want: r.Lines}
	}
	if mixer, ok := coding.(*coder.MixCoder); ok && c.Keeps {
		c.primed, err = mixer.Primed(c.Text)
	}
	return err
}

// sumChecker compares what is decoded of a chunk with the sums of its prefixes. One that is wrong
// says nothing: all else may be right.
type sumChecker struct {
	record *format.Record
	at     int    // bytes that sum is of
	sum    uint32 // CRC32C
	known  int    // bytes that are right
	enough bool   // they are as many as are wanted
}

// right is the longest prefix of what is decoded that is known to be right.
func (s *sumChecker) right(decoded []byte) []byte {
	if end := len(decoded) / format.SumEvery * format.SumEvery; end > s.at {
		s.sum = crc32.Update(s.sum, format.Castagnoli, decoded[s.at:end])
		s.at = end
		if want, ok := s.record.PrefixSum(end); ok && s.sum == want {
			s.known = end
		}
	}
	return decoded[:s.known]
}
