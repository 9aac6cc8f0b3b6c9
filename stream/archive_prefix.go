package stream

import (
	"bytes"
	"context"

	"github.com/lmz-go/lmz/internal/format"
)

// head is a prefix of a chunk that is wanted: the offset of its record, and how many bytes.
type head struct{ offset, want int64 }

// prefix gives the bytes of a chunk that are wanted, and maybe more. A prefix that has a sum in the
// record is decoded without the rest.
func (a *archive) prefix(ctx context.Context, s spot, keep bool) ([]byte, error) {
	s.want = (s.want + format.SumEvery - 1) / format.SumEvery * format.SumEvery
	if s.damage != nil || s.want == 0 || s.want >= s.RawSize || s.Lead > 0 || s.number == 0 && s.frame.primes() {
		s.want = 0
		text, err := a.decoded(ctx, s, keep)
		return text[min(int(s.Lead), len(text)):], err
	}
	// A cache has prefixes under keys that no record has.
	key := ^s.Offset
	cached := func() []byte {
		if raw, ok := a.chunks.Get(s.Offset); ok {
			return raw
		}
		if raw, ok := a.chunks.Get(key); ok && int64(len(raw)) >= s.want {
			return raw
		}
		return nil
	}
	if raw := cached(); raw != nil {
		return raw, context.Cause(ctx)
	}
	return a.heads.Do(ctx, a.base, head{s.Offset, s.want}, func(ctx context.Context) ([]byte, error) {
		if raw := cached(); raw != nil {
			return raw, nil
		}
		raw, err := a.decode(ctx, s)
		switch whole := int64(len(raw)) == s.RawSize; {
		case err == nil && whole && keep:
			a.chunks.Add(s.Offset, raw, s.RawSize)
		case err == nil && keep:
			a.chunks.Add(key, raw, int64(len(raw)))
		}
		return raw, err
	})
}

// chunkOfLine gives as much of a chunk as has so many line ends, which are not more than it has.
// How much that is, is guessed from lines being of one length.
func (a *Archive) chunkOfLine(s spot, ends int64) ([]byte, error) {
	s.want = int64(float64(s.RawSize) * float64(ends) / float64(s.Lines))
	raw, err := a.chunk(s, true)
	if err == nil && int64(len(raw)) < s.RawSize && int64(bytes.Count(raw, []byte{'\n'})) < ends {
		s.want = 0
		raw, err = a.chunk(s, true)
	}
	return raw, err
}
