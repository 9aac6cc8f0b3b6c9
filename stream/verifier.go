package stream

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
)

// verifier reads the records of a frame back before they are written, as a Reader would: with a pool, coders, sessions and a
// primed state of its own, so that nothing the encoder got wrong can make its own mistake look right.
type verifier struct {
	opts   *writerOptions
	size   int // of chunks: the header's
	pool   *pool
	primed *codec.Primed // what decoding the primer, or reading the dictionary, has left
}

// readBack is one record that is read back.
type readBack struct {
	decodeTask
	record []byte
}

// submit starts reading back what t, which is done, would write as chunk number n of a frame that names the model m, or none.
// The frame's first chunk must have been accepted before others are submitted if it is their primer.
func (v *verifier) submit(t *encodeTask, n int64, m lm.Model) error {
	if v.pool == nil {
		v.pool = newPool(v.opts.ctx, m, v.opts.window.Window, v.opts.workers, v.opts.lanes)
	}
	if v.primed == nil && v.opts.dictionary != nil {
		primed, err := codec.Prime(v.opts.ctx, v.opts.level, v.size, v.opts.dictionary)
		if err != nil {
			return err
		}
		v.primed = primed
	}
	params := codec.Params{Window: v.opts.window, Level: v.opts.level, Primed: v.primed}
	if t.primes {
		params.Later = v.size
	}
	back := &readBack{record: appendChunk(nil, &t.header, v.size, n, t.payload)}
	back.primes = t.primes
	back.run = func(l *codec.Lane) error { return back.read(l, t.raw, n, v.size, params) }
	t.back = back
	v.pool.submit(&back.task)
	return nil
}

// read decodes the record and compares it with raw.
func (b *readBack) read(l *codec.Lane, raw []byte, n int64, size int, params codec.Params) (err error) {
	if b.chunk, err = parseRecord(b.record, size, n); err != nil {
		return err
	}
	if !b.chunk.primed {
		params.Primed = nil
	}
	if err := b.decode(l, params); err != nil {
		return err
	}
	if !bytes.Equal(b.raw, raw) {
		return fmt.Errorf("%w: other bytes with the same CRC32C", ErrCorrupt)
	}
	return nil
}

// accept waits until t has been read back. It returns an error that wraps ErrCorrupt for a record that does not give the
// chunk back; others are not about the record.
func (v *verifier) accept(t *encodeTask) error {
	v.pool.kick()
	<-t.back.done
	if err := t.back.err; err != nil {
		return err
	}
	if t.primes {
		v.primed = t.back.primed
		if v.primed == nil {
			primed, err := codec.Prime(v.opts.ctx, v.opts.level, v.size, t.back.raw)
			if err != nil {
				return err
			}
			v.primed = primed
		}
	}
	return nil
}

func (v *verifier) stop() {
	if v != nil && v.pool != nil {
		v.pool.abort()
		v.pool = nil
	}
}

// readBack submits for verification what has been coded meanwhile. The first chunk waits until it is known whether the frame
// names the model.
func (z *Writer) readBack() error {
	if z.verifier == nil || !z.decided {
		return nil
	}
	for i, t := range z.inFlight {
		select {
		case <-t.done:
		default:
			continue
		}
		if t.err == nil && t.back == nil {
			if err := z.verifier.submit(t, z.index.total.chunks+int64(i), z.named()); err != nil {
				return err
			}
		}
	}
	return nil
}

// verify makes sure that t, the next chunk to be written, can be read. A chunk that does not come back is coded with Zstd
// instead, or Raw if that does not come back either.
func (z *Writer) verify(t *encodeTask) error {
	for {
		if t.back == nil {
			if err := z.verifier.submit(t, z.index.total.chunks, z.named()); err != nil {
				return err
			}
		}
		wrong := z.verifier.accept(t)
		if wrong == nil {
			return nil
		}
		if !errors.Is(wrong, ErrCorrupt) || t.header.method == codec.Raw {
			return fmt.Errorf("reading it back: %w", wrong)
		}
		failed, instead := t.header.method, codec.Zstd
		if failed == codec.Zstd {
			instead = codec.Raw
		}
		if t.header.failed != nil {
			failed = *t.header.failed
		}
		t.back = nil
		t.run = func(l *codec.Lane) error {
			err := t.encode(l, instead, codec.Params{})
			t.header.failed = &failed
			if err == nil && t.primes {
				t.primed, err = codec.Prime(z.opts.ctx, z.opts.level, z.maxChunk, t.raw)
			}
			return err
		}
		z.pool.submit(&t.task)
		z.pool.kick()
		if <-t.done; t.err != nil {
			return t.err
		}
		if z.opts.fellBack != nil {
			offset := int64(len(z.frameHeader())) + z.index.total.records
			z.opts.fellBack(&ChunkError{int(z.index.total.chunks), offset, fmt.Errorf("verified: %w; coded otherwise", wrong)})
		}
	}
}
