package stream

import (
	"bytes"
	"errors"
	"hash/crc32"

	"github.com/lmz-go/lmz/codec"
)

// encodeTask codes one chunk.
type encodeTask struct {
	task
	raw     []byte
	header  chunkHeader
	payload []byte
	best    []byte // memory of the payload, unless that is raw
	trial   []byte
}

// encode leaves the smallest of the method, zstd and raw in t.payload; of equal ones, the one that is fastest to decode.
func (t *encodeTask) encode(lane *codec.Lane, method codec.Method, params codec.Params) error {
	t.header = chunkHeader{
		method: codec.Raw,
		raw:    len(t.raw),
		lines:  bytes.Count(t.raw, []byte{'\n'}),
		crc:    crc32.Checksum(t.raw, castagnoli),
	}
	t.payload = t.raw
	if method == codec.Raw {
		return nil
	}
	if err := t.try(lane, codec.Zstd, params); err != nil || method == codec.Zstd {
		return err
	}
	err := t.try(lane, method, params)
	if errors.Is(err, codec.ErrNotSpellable) {
		return nil
	}
	return err
}

// try codes the chunk with a method and keeps the payload if it is smaller.
func (t *encodeTask) try(lane *codec.Lane, method codec.Method, params codec.Params) error {
	coder, err := codec.New(method, lane, params)
	if err != nil {
		return err
	}
	out, err := coder.Encode(t.trial[:0], t.raw)
	if err != nil {
		return err
	}
	t.trial = out
	if len(out) < len(t.payload) {
		t.header.method, t.payload = method, out
		t.best, t.trial = t.trial, t.best
	}
	return nil
}
