package stream

import (
	"bytes"
	"errors"
	"hash/crc32"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/engine"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/merkle"
	"github.com/lmz-go/lmz/internal/timestamp"
)

// encodeTask codes one chunk.
type encodeTask struct {
	engine.Task
	raw     []byte
	text    []byte // what is coded: raw behind the lead, which only a first chunk may have
	lead    int    // bytes
	header  format.RecordHeader
	payload []byte
	best    []byte // memory of the payload, unless that is raw
	trial   []byte
	primes  bool               // later chunks start from the state after this one
	sorts   bool               // codec.BWT is tried in front of codec.Mix
	primed  *coder.Primed      // that state, once done
	saved   int64              // bits that the model saved, once done
	decides bool               // whether the model is asked depends on this chunk
	alone   []byte             // then: the payload without it, if the method is mix
	back    *engine.Chunk      // of the record, if it is verified
	before  []byte             // the end of the chunk in front of this one
	share   int                // of the payload for the filter, as a divisor; 0: there is none
	lone    bool               // the frame has no other chunk
	filter  format.ChunkFilter // once done
	begun   []byte             // the beginning of the line that goes on in this chunk
	finder  *timestamp.Finder  // of the times of lines; nil: they are not told
	hashed  bool               // the lines of the chunk are to be hashed, which is about:
	ends    int64              // of lines, in front of it in the frame
	open    bool               // it begins within a line
	lines   *merkle.Range      // the hashes of its lines, once done

	mislead func(codec.Method, []byte) []byte // see writerOptions; nil outside tests
}

// encode leaves the smallest of the method, zstd and raw in t.payload; of equal ones, the one that
// is fastest to decode.
func (t *encodeTask) encode(lane *coder.Lane, method codec.Method, params coder.Params) error {
	t.header = format.RecordHeader{
		Method: codec.Raw,
		Raw:    len(t.raw),
		Lead:   t.lead,
		Lines:  bytes.Count(t.raw, []byte{'\n'}),
		CRC32C: crc32.Checksum(t.text, format.Castagnoli),
	}
	if t.finder != nil {
		if r := t.finder.Of(t.begun, t.raw); !r.Empty() {
			t.header.Times = &r
		}
	}
	t.payload, t.saved = t.text, 0
	switch method {
	case codec.Raw:
		return nil
	case codec.Mix, codec.BWT:
		if t.sorts {
			if fits, err := t.sort(lane, params); err != nil || fits {
				return err
			}
		}
		// mix and bwt are smaller than zstd except for chunks that hardly compress, or compress to
		// next to nothing.
		if err := t.try(lane, method, params); err != nil || t.header.Method != codec.Raw && compresses(t.payload, t.text) {
			return err
		}
		if len(t.text) < minZstd {
			return nil
		}
		return t.try(lane, codec.Zstd, params)
	}
	if err := t.try(lane, codec.Zstd, params); err != nil || method == codec.Zstd {
		return err
	}
	err := t.try(lane, method, params)
	switch {
	case errors.Is(err, coder.ErrNotSpellable):
		return nil
	case errors.Is(err, codec.ErrLogits):
		t.header.Failed = &method
		return nil
	}
	return err
}

// minZstd is the size in bytes of the smallest chunk that zstd is tried on behind mix or bwt. Its
// encoder takes some 100 MiB and more time than a small chunk, of which it makes nothing smaller
// than mix does.
const minZstd = 16 << 10

// compresses reports whether a payload of mix is so much smaller than the chunk that zstd's would
// not be smaller still.
func compresses(payload, raw []byte) bool { return 8*int64(len(payload)) < 7*int64(len(raw)) }

// sort codes the chunk with codec.BWT. fits says that codec.Mix need not be tried.
func (t *encodeTask) sort(lane *coder.Lane, params coder.Params) (fits bool, err error) {
	coding, err := t.attempt(lane, codec.BWT, params)
	if err != nil {
		return false, err
	}
	return t.header.Method == codec.BWT && coding.(*coder.BWTCoder).Fits(), nil
}

// try codes the chunk with a method and keeps the payload if it is smaller.
func (t *encodeTask) try(lane *coder.Lane, method codec.Method, params coder.Params) error {
	_, err := t.attempt(lane, method, params)
	return err
}

// attempt is try, and gives the coder that coded the chunk.
func (t *encodeTask) attempt(lane *coder.Lane, method codec.Method, params coder.Params) (coder.Coder, error) {
	coding, err := coder.New(method, lane, params)
	if err != nil {
		return nil, err
	}
	raw := t.text
	if t.mislead != nil {
		raw = t.mislead(method, raw)
	}
	out, err := coding.Encode(t.trial[:0], raw)
	if err != nil {
		return nil, err
	}
	t.trial = out
	mixer, _ := coding.(*coder.MixCoder)
	if mixer != nil && t.primes {
		if t.primed, err = mixer.Primed(t.text); err != nil {
			return nil, err
		}
	}
	if len(out) < len(t.payload) {
		if mixer != nil {
			t.saved = mixer.Saved()
			if t.decides {
				t.alone = append(t.alone[:0], mixer.Alone()...)
			}
		}
		t.header.Method, t.payload = method, out
		t.header.Primed = method == codec.Mix && params.Primed != nil
		t.best, t.trial = t.trial, t.best
	}
	return coding, nil
}
