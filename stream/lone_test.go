package stream

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
)

// parityOf is the number of bytes behind the last record of an archive of one frame, in front of
// its index.
func parityOf(t *testing.T, archive []byte) int64 {
	t.Helper()
	tail, err := format.ReadTail(bytes.NewReader(archive), int64(len(archive)), 1<<20)
	if err != nil || tail == nil {
		t.Fatal(err)
	}
	c := framesOf(t, archive)[0].Chunks
	last := c[len(c)-1]
	return tail.Index - last.Offset - last.Size
}

// A large chunk that is alone in its frame gets parity for less than a hundredth of its size, and
// damage of two parts of it is undone; chunks that are small or not alone get none.
func TestLoneParity(t *testing.T) {
	data := random(300 << 10)
	large := func(opts ...WriterOption) []WriterOption {
		return slices.Concat([]WriterOption{WithMethod(codec.Raw), WithChunkSize(1 << 20)}, opts)
	}
	for name, tt := range map[string]struct {
		archive []byte
		has     bool
	}{
		"raw":        {compress(t, nil, data, large()...), true},
		"least":      {compress(t, nil, data[:format.MinLone], large()...), true},
		"with mix":   {compress(t, nil, data, large(WithMethod(codec.Mix), WithLevel(1))...), true},
		"verified":   {compress(t, nil, data, large(WithVerify(nil, nil))...), true},
		"small":      {compress(t, nil, data[:format.MinLone-100], large()...), false},
		"two chunks": {compress(t, nil, data, large(WithChunkSize(299<<10))...), false},
		"well coded": {compress(t, nil, make([]byte, 1<<20), WithChunkSize(1<<20)), false},
	} {
		c := framesOf(t, tt.archive)[0].Chunks[0]
		n := parityOf(t, tt.archive)
		if (n > 0) != tt.has || n > c.Size/100 {
			t.Errorf("%s: %d bytes of parity for %d", name, n, c.Size)
		}
		if !tt.has {
			continue
		}
		_, parts, size := format.ParityShape(format.AuxLoneParity, int(c.Size))
		if parts != 2 {
			t.Errorf("%d parts of parity", parts)
		}
		for _, at := range []int64{0, 5, c.Size - int64(size)} {
			damaged := bytes.Clone(tt.archive)
			for i := range damaged[c.Offset+at : c.Offset+at+int64(size)] {
				damaged[c.Offset+at+int64(i)] ^= 0x5a
			}
			var notices []error
			got, err := decompress(damaged, WithWorkers(1), WithNotice(func(e error) { notices = append(notices, e) }))
			if err != nil || !bytes.Equal(got, data[:c.RawSize]) || len(notices) != 1 || !errors.Is(notices[0], ErrCorrupt) {
				t.Errorf("%s, damaged at %d: %d bytes, %v; told of %v", name, at, len(got), err, notices)
			}
			if got, err := all(t, damaged); err != nil || !bytes.Equal(got, data[:c.RawSize]) {
				t.Errorf("%s, damaged at %d: Archive gives %d bytes, %v", name, at, len(got), err)
			}
			frames, err := ReadIndex(bytes.NewReader(damaged), int64(len(damaged)))
			if err != nil || len(frames) != 1 || frames[0].Chunks[0].Size != c.Size {
				t.Errorf("%s, damaged at %d: listed with %v", name, at, err)
			}
		}
		damaged := bytes.Clone(tt.archive)
		clear(damaged[c.Offset+100 : c.Offset+100+3*int64(size)])
		if got, err := decompress(damaged); !errors.Is(err, ErrCorrupt) || len(got) > 0 {
			t.Errorf("%s, three parts gone: %d bytes, %v", name, len(got), err)
		}
	}
	// What was flushed as if more would follow, and did not, is alone, too.
	var out bytes.Buffer
	w, err := NewWriter(&out, nil, large()...)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data[:300<<10])
	w.Flush()
	w.Close()
	if once := compress(t, nil, data[:300<<10], large()...); !bytes.Equal(out.Bytes(), once) {
		t.Errorf("a flushed chunk gives another archive")
	}
	// Of two frames from one Writer, the second's parity is its own.
	two := bytes.Clone(out.Bytes())
	out.Reset()
	w.Reset(&out)
	w.Close()
	if n := out.Len(); n > 60 {
		t.Errorf("an empty frame has %d bytes", n)
	}
	if got, err := decompress(slices.Concat(two, out.Bytes())); err != nil || !bytes.Equal(got, data[:300<<10]) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
