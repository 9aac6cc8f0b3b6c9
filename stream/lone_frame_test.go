package stream

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
)

// A frame of one small chunk has 32 bytes beside its payload, or fewer.
func TestLoneOverhead(t *testing.T) {
	log := logExcerpt(t, 65537)
	for _, size := range []int{1, 5, 127, 128, 2000, 2048, 4096} {
		for _, opts := range [][]WriterOption{{WithMethod(codec.Raw)}, {WithMethod(codec.Mix), WithLevel(1)}, {WithMethod(codec.Mix), WithLevel(9)}} {
			archive := compress(t, nil, log[:size], opts...)
			c := framesOf(t, archive)[0].Chunks[0]
			r, err := format.ParseRecord(archive[c.Offset:c.Offset+c.Size], size, 0)
			if err != nil {
				t.Fatal(err)
			}
			if more := len(archive) - len(r.Payload); more > 32 {
				t.Errorf("%d bytes as %s: %d bytes beside the payload, want at most 32", size, c.Method, more)
			}
		}
	}
	for size, lone := range map[int]bool{0: false, 1: true, 65536: true, 65537: false} {
		if h := framesOf(t, compress(t, nil, log[:size]))[0].Header; h.Lone != lone {
			t.Errorf("%d bytes: lone is %v, want %v", size, h.Lone, lone)
		}
	}
	if h := framesOf(t, flushed(t, log[:900], 900))[0].Header; h.Lone {
		t.Error("a frame that was flushed, so that its header came first, is lone")
	}
}

// Any byte of a lone frame that is wrong is found, by reading from either end.
func TestLoneDamage(t *testing.T) {
	log := logExcerpt(t, 700)
	archive := compress(t, nil, log, WithMethod(codec.Mix), WithLevel(1))
	for at := range archive {
		for _, flip := range []byte{1, 0x10, 0x80, 0xff} {
			damaged := bytes.Clone(archive)
			damaged[at] ^= flip
			got, err := decompress(damaged)
			if err == nil || !bytes.HasPrefix(log, got) {
				t.Errorf("byte %d ^ %02x: %d bytes, %v", at, flip, len(got), err)
			}
			if _, err := format.ReadIndex(bytes.NewReader(damaged), int64(len(damaged))); err == nil && at < int(framesOf(t, archive)[0].Chunks[0].Offset) {
				t.Errorf("byte %d ^ %02x of the header is listed", at, flip)
			}
		}
	}
	// Neither kind of frame ends with the index of the other.
	x := format.Index{ChunkSize: int64(len(log))}
	c := framesOf(t, archive)[0].Chunks[0]
	x.Chunk(c.Size, len(log), bytes.Count(log, []byte{'\n'}))
	other := format.AppendIndex(bytes.Clone(archive[:c.Offset+c.Size]), &x, c.Offset)
	if _, err := decompress(other); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a lone frame with an index: %v", err)
	}
	// A lone frame has one chunk.
	twice := slices.Concat(archive[:c.Offset+c.Size], archive[c.Offset:])
	if got, err := decompress(twice); !errors.Is(err, ErrCorrupt) || !bytes.Equal(got, log) {
		t.Errorf("two chunks: %d bytes, %v", len(got), err)
	}
}

// FuzzLoneTail: the index of a lone frame is the same from both ends, and what is accepted is what
// is written.
func FuzzLoneTail(f *testing.F) {
	archive := compress(f, nil, logExcerpt(f, 2000))
	f.Add(archive[bytes.LastIndexByte(archive, format.TagLoneIndex)+1+format.CheckSize:])
	f.Add([]byte{0, 1, 20})
	f.Fuzz(func(t *testing.T, body []byte) {
		sum := checksum(body)
		end := slices.Concat([]byte{format.TagLoneIndex, byte(sum), byte(sum >> 8), byte(sum >> 16)}, body)
		data := slices.Concat(make([]byte, 1<<17), end)
		r := bytes.NewReader(data)
		tail, err := format.ReadTail(r, int64(len(data)), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if tail == nil || tail.Index != 1<<17 {
			return
		}
		if data[len(data)-1] == 0 {
			t.Error("ends like padding")
		}
		again, at, err := format.LoneTailAt(r, tail.Index)
		if err != nil || again == nil || at != int64(len(data)) || again.Start != tail.Start || again.Total != tail.Total {
			t.Errorf("from the front %+v up to %d, from behind %+v up to %d, %v", again, at, tail, len(data), err)
		}
		if tail.Total.Raw < 1 || tail.Total.Lines > tail.Total.Raw || tail.Start < 0 {
			t.Errorf("accepted %+v", tail)
		}
	})
}
