package salvage

import (
	"bytes"
	"context"
	"testing"

	"github.com/lmz-go/lmz/stream"
)

// Two bytes are damaged: the last one of a frame, and the first one of the next. Repair must not
// say that nothing is lost.
func TestBrkBoundary(t *testing.T) {
	frame := func(s string) []byte {
		var b bytes.Buffer
		z, _ := stream.NewWriter(&b, nil, stream.WithLevel(1))
		z.Write(bytes.Repeat([]byte(s), 50))
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	a, b := frame("first frame\n"), frame("second frame\n")
	for _, at := range []int{-1, -2, -4, -5, -8} {
		d := append(bytes.Clone(a), b...)
		d[len(a)+at] ^= 0x10
		d[len(a)] ^= 0x10
		var text bytes.Buffer
		x, err := Recover(context.Background(), bytes.NewReader(d), int64(len(d)), Options{Text: &text})
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Losses) == 0 && x.Open == 0 && text.Len() != 50*25 {
			t.Errorf("%d: %d bytes of %d, and no loss: %q %v", at, text.Len(), 50*25, x.Summary(), x.Repaired)
		}
	}
}
