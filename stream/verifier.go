package stream

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/engine"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/gram"
)

// verifier reads the records of a frame back before they are written, as a Reader would: with an
// engine, coders, sessions and a primed state of its own, so that nothing the encoder got wrong can
// make its own mistake look right.
type verifier struct {
	opts   *writerOptions
	engine *engine.Engine
	header *Header       // of the frame, but for its model
	primed *coder.Primed // what decoding the primer, or reading the dictionary, has left
	last   []byte        // of what was accepted, which grams of the next chunk may begin with
}

func newVerifier(o *writerOptions, h *Header) *verifier {
	options := engine.Options{Workers: o.workers, Lanes: o.lanes, Limit: math.MaxInt64}
	return &verifier{opts: o, header: h, engine: engine.New(o.ctx, options)}
}

// submit starts reading back what t, which is done, would write as chunk number n of a frame that
// names the model m, or none. The frame's first chunk must have been accepted before others are
// submitted if it is their primer.
func (v *verifier) submit(t *encodeTask, n int64, m *engine.Model) (err error) {
	if v.primed == nil && v.opts.dictionary != nil {
		if v.primed, err = v.engine.Prime(v.opts.ctx, v.header, v.opts.dictionary); err != nil {
			return err
		}
	}
	back := new(engine.Chunk)
	record := format.AppendChunk(nil, &t.header, v.header.ChunkSize, n, t.payload)
	if back.Record, err = format.ParseRecord(record, v.header.ChunkSize, n); err != nil {
		return err
	}
	back.Keeps = t.primes
	var primed *coder.Primed
	if back.Record.Primed {
		primed = v.primed
	}
	v.engine.Submit(engine.NewFrame(v.header, m), back, primed)
	t.back = back
	return nil
}

// accept waits until t has been read back. It returns an error that wraps ErrCorrupt for a record
// that does not give the chunk back; others are not about the record.
func (v *verifier) accept(t *encodeTask) (err error) {
	v.engine.Kick()
	if err := t.back.Wait(v.opts.ctx); err != nil {
		return err
	}
	if !bytes.Equal(t.back.Text, t.text) {
		return fmt.Errorf("%w: other bytes with the same CRC32C", ErrCorrupt)
	}
	v.checkFilter(t)
	if t.primes {
		if v.primed = t.back.Primed(); v.primed == nil {
			v.primed, err = v.engine.Prime(v.opts.ctx, v.header, t.back.Text)
		}
	}
	return err
}

// checkFilter takes a filter away that would make searches pass over what the chunk holds.
func (v *verifier) checkFilter(t *encodeTask) {
	raw := t.back.Raw
	ends := raw[len(raw)-1] == '\n'
	if t.filter.Ends != ends || t.filter.Denies(v.last, raw) {
		t.filter = format.ChunkFilter{Filter: gram.Unknown, Ends: ends}
		v.tell(t, errFilter)
	}
	v.last = slices.Concat(v.last, raw[max(0, len(raw)-format.FilterContext):])
	v.last = v.last[max(0, len(v.last)-format.FilterContext):]
}

var errFilter = fmt.Errorf("%w: its filter denies what it holds; written without", ErrCorrupt)

// tell says what was wrong with a chunk.
func (v *verifier) tell(t *encodeTask, wrong error) {
	if v.opts.fellBack != nil {
		v.opts.fellBack(&ChunkError{Index: int(t.back.Record.Number), Offset: t.back.Record.Offset, Err: fmt.Errorf("verified: %w", wrong)})
	}
}

func (v *verifier) stop() {
	if v != nil {
		v.engine.Close()
	}
}

// readBack submits for verification what has been coded meanwhile. The first chunk waits until it
// is known whether the frame names the model.
func (z *Writer) readBack() error {
	if z.verifier == nil || !z.decided {
		return nil
	}
	for i, t := range z.inFlight {
		select {
		case <-t.Done():
		default:
			continue
		}
		if t.Err() == nil && t.back == nil {
			if err := z.verifier.submit(t, z.index.Total.Chunks+int64(i), z.named()); err != nil {
				return err
			}
		}
	}
	return nil
}

// verify makes sure that t, the next chunk to be written, can be read. A chunk that does not come
// back is coded with Zstd instead, or Raw if that does not come back either.
func (z *Writer) verify(t *encodeTask) error {
	for {
		if t.back == nil {
			if err := z.verifier.submit(t, z.index.Total.Chunks, z.named()); err != nil {
				return err
			}
		}
		t.back.Record.Offset = int64(len(z.frameHeader())) + z.index.Total.Records
		wrong := z.verifier.accept(t)
		if wrong == nil {
			return nil
		}
		if !errors.Is(wrong, ErrCorrupt) || t.header.Method == codec.Raw {
			return fmt.Errorf("reading it back: %w", wrong)
		}
		failed, instead := t.header.Method, codec.Zstd
		if failed == codec.Zstd {
			instead = codec.Raw
		}
		if t.header.Failed != nil {
			failed = *t.header.Failed
		}
		t.Run = func(l *coder.Lane) error {
			err := t.encode(l, instead, coder.Params{})
			t.header.Failed = &failed
			if err == nil && t.primes {
				t.primed, err = coder.Prime(z.opts.ctx, z.opts.level, z.maxChunk, t.text)
			}
			return err
		}
		if err := z.again(t); err != nil {
			return err
		}
		z.verifier.tell(t, fmt.Errorf("%w; coded otherwise", wrong))
		t.back = nil
	}
}
