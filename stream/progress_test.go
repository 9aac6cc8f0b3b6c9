package stream

import (
	"bytes"
	"testing"

	"github.com/lmz-go/lmz/codec"
)

// Progress rises with every chunk, and ends at the raw size and the archive up to its index.
func TestProgress(t *testing.T) {
	var raws, sizes []int64
	var archive bytes.Buffer
	w, err := NewWriter(&archive, nil, WithMethod(codec.Raw), WithChunkSize(10), WithWorkers(2),
		WithProgress(func(raw, compressed int64) {
			raws, sizes = append(raws, raw), append(sizes, compressed)
			if compressed != int64(archive.Len()) {
				t.Errorf("%d bytes were written, progress says %d", archive.Len(), compressed)
			}
		}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(bytes.Repeat([]byte{1}, 25)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(raws) != 3 || raws[0] != 10 || raws[2] != 25 || sizes[0] >= sizes[1] {
		t.Errorf("raw %d, compressed %d", raws, sizes)
	}
}
