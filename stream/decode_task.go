package stream

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
)

// decodeTask decodes one chunk.
type decodeTask struct {
	task
	chunk *format.Record
	cost  int64 // what it counts towards the memory limit
	raw   []byte

	primes bool          // later chunks start from the state after this one
	primed *codec.Primed // that state, if the method gives it
}

func (t *decodeTask) decode(lane *codec.Lane, params codec.Params) error {
	if t.chunk.Method == codec.Mix && params.Level == 0 {
		return fmt.Errorf("%w: chunk of method mix, the header names no level of it", ErrCorrupt)
	}
	coder, err := codec.New(t.chunk.Method, lane, params)
	switch {
	case errors.Is(err, codec.ErrMethod):
		return fmt.Errorf("%w: %w", ErrUnsupportedVersion, err)
	case errors.Is(err, codec.ErrNoModel):
		return fmt.Errorf("%w: chunk needs a model, the header names none", ErrCorrupt)
	case err != nil:
		return err
	}
	t.raw, err = coder.Decode(nil, t.chunk.Payload, t.chunk.Raw)
	switch {
	case errors.Is(err, codec.ErrCorrupt):
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	case err != nil:
		return err
	case len(t.raw) != t.chunk.Raw:
		return fmt.Errorf("%w: decodes to %d bytes, want %d", ErrCorrupt, len(t.raw), t.chunk.Raw)
	}
	if sum := crc32.Checksum(t.raw, format.Castagnoli); sum != t.chunk.CRC32C {
		return fmt.Errorf("%w: CRC32C of the decoded bytes is %08x, want %08x", ErrCorrupt, sum, t.chunk.CRC32C)
	}
	if n := bytes.Count(t.raw, []byte{'\n'}); n != t.chunk.Lines {
		return &format.LineCountError{Is: n, Want: t.chunk.Lines}
	}
	if mixer, ok := coder.(*codec.MixCoder); ok && t.primes {
		t.primed = mixer.Primed(t.raw)
	}
	return nil
}
