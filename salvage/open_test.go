package salvage

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/stream"
)

// What is behind a frame that was cut off in a record can be read, and what is lost is told; of
// other archives there is nothing to tell.
func TestOpen(t *testing.T) {
	first, second := bytes.Repeat([]byte("a line of the first frame\n"), 400), []byte("and one of the second\n")
	a := compress(t, nil, first, stream.WithMethod(codec.Raw), stream.WithChunkSize(1000))
	b := compress(t, nil, second)
	whole := slices.Concat(a, b)
	chunks := framesOf(t, a)[0].Chunks
	n, m := chunks[3].RawOffset, chunks[1].RawOffset
	torn := slices.Concat(a[:chunks[3].Offset+100], b)
	flipped := bytes.Clone(whole)
	flipped[chunks[3].Offset+100] ^= 1
	cut := a[:chunks[3].Offset]
	put := slices.Insert(bytes.Clone(whole), int(chunks[3].Offset)+100, 'x', 'y')
	behind := slices.Insert(slices.Concat(b, whole), len(b)+int(chunks[3].Offset)+100, 'x', 'y')
	for name, tt := range map[string]struct {
		archive, content []byte
		losses           int
		err              error
	}{
		"torn":         {torn, slices.Concat(first[:n], second), 1, nil},
		"whole":        {whole, slices.Concat(first, second), 0, nil},
		"a wrong bit":  {flipped, first[:n], 0, stream.ErrCorrupt},
		"unfinished":   {cut, first[:n], 0, stream.ErrUnfinished},
		"cut off":      {a[:chunks[3].Offset+100], first[:n], 0, stream.ErrTruncated},
		"more bytes":   {put, slices.Concat(first[:n], first[chunks[4].RawOffset:], second), 1, nil},
		"more, behind": {behind, slices.Concat(second, first[:n], first[chunks[4].RawOffset:], second), 1, nil},
		"headless":     {whole[20:], slices.Concat(second), 1, nil},
		"torn in both": {slices.Concat(torn, a[:chunks[1].Offset+100]), slices.Concat(first[:n], second, first[:m]), 2, nil},
	} {
		z, x, err := Open(context.Background(), bytes.NewReader(tt.archive), int64(len(tt.archive)), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := io.ReadAll(z)
		if !bytes.Equal(got, tt.content) || !errors.Is(err, tt.err) {
			t.Errorf("%s: %d bytes, %v, want %d, %v", name, len(got), err, len(tt.content), tt.err)
		}
		if (x != nil) != (tt.losses > 0) || x != nil && len(x.Losses) != tt.losses {
			t.Errorf("%s: %+v, want %d losses", name, x, tt.losses)
		}
		if err := z.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Open(context.Background(), bytes.NewReader(nil), 0, Options{}); !errors.Is(err, stream.ErrTruncated) {
		t.Errorf("nothing: %v", err)
	}
}
