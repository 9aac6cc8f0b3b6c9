package salvage

import (
	"bytes"
	"errors"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/damagetest"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/stream"
)

// FuzzRecover: what is recovered from any bytes is an archive with nothing left to recover, and
// gives no undocumented error.
func FuzzRecover(f *testing.F) {
	f.Add(compress(f, letters, modelText(1000), stream.WithMethod(codec.LM), stream.WithChunkSize(50)), uint16(0), byte(0))
	mixed := compress(f, nil, logExcerpt(f, 3000), primed(stream.WithPrimer(1000), stream.WithChunkSize(500))...)
	for at := range 20 {
		f.Add(mixed, uint16(at*len(mixed)/20), byte(at+1))
	}
	led, err := damagetest.Led(mixed, logExcerpt(f, 3000), 400)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(led, uint16(0), byte(0))
	f.Add(mixed[:len(mixed)-30], uint16(40), byte(1))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, flip byte) {
		if len(data) > 0 {
			data = bytes.Clone(data)
			data[int(at)%len(data)] ^= flip
		}
		x, err := recoverAll(data)
		if err != nil {
			if !errors.Is(err, stream.ErrNotArchive) && !errors.Is(err, stream.ErrTruncated) {
				t.Error(err)
			}
			return
		}
		var out bytes.Buffer
		if n, err := x.WriteTo(&out); err != nil || n != x.Size() {
			t.Fatalf("%d bytes of %d: %v", n, x.Size(), err)
		}
		if out.Len() == 0 {
			return
		}
		again, err := recoverAll(out.Bytes())
		if err != nil || !again.Intact() || again.Chunks != x.Chunks {
			t.Fatalf("recovered twice: %v, %+v", err, again)
		}
		if _, err := format.ReadIndex(bytes.NewReader(out.Bytes()), x.Size()); err != nil {
			t.Errorf("the recovered archive is listed with %v", err)
		}
		if _, err := decompress(out.Bytes(), one...); err != nil && x.Undecoded == nil {
			t.Error(err)
		}
	})
}
