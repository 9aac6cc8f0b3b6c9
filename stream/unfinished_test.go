package stream

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
)

// all is what an Archive gives, and the error at its end.
func all(t *testing.T, archive []byte) ([]byte, error) {
	t.Helper()
	a, err := Open(bytes.NewReader(archive), int64(len(archive)), models)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	var out bytes.Buffer
	_, err = a.WriteTo(&out)
	if err == nil {
		err = a.Err()
	}
	return out.Bytes(), err
}

// A frame that was not finished, and what follows it: wherever a writer was stopped, all whole
// chunks come out of both, and that there is an end missing comes last. A record that was cut off
// hides what is behind it from those who read on.
func TestUnfinishedFrameInFront(t *testing.T) {
	log := logExcerpt(t, 6000)
	one, two, three := log[:3000], log[3000:5000], log[5000:]
	first := compress(t, nil, one, WithChunkSize(500))
	second := compress(t, nil, two, WithMethod(codec.Raw), WithChunkSize(300))
	third := compress(t, letters, three, WithMethod(codec.LM))
	f := framesOf(t, first)[0]
	ends := []int64{f.Chunks[0].Offset}
	for _, c := range f.Chunks {
		ends = append(ends, c.Offset+c.Size)
	}
	for i, end := range ends {
		whole := one[:0]
		if i > 0 {
			c := f.Chunks[i-1]
			whole = one[:c.RawOffset+c.RawSize]
		}
		for name, tt := range map[string]struct {
			archive, content []byte
			frames           int
		}{
			"one frame follows":  {slices.Concat(first[:end], second), slices.Concat(whole, two), 2},
			"two frames follow":  {slices.Concat(first[:end], second, third), slices.Concat(whole, two, three), 3},
			"it is the middle":   {slices.Concat(second, first[:end], third), slices.Concat(two, whole, three), 3},
			"two are unfinished": {slices.Concat(first[:end], first[:end], second), slices.Concat(whole, whole, two), 3},
			"all are unfinished": {slices.Concat(first[:end], first[:end]), slices.Concat(whole, whole), 2},
		} {
			for _, workers := range []int{1, 3} {
				got, err := decompress(tt.archive, WithWorkers(workers))
				if !bytes.Equal(got, tt.content) || !errors.Is(err, ErrUnfinished) {
					t.Errorf("%d chunks, %s: Reader gives %d bytes of %d, then %v", i, name, len(got), len(tt.content), err)
				}
			}
			if got, err := all(t, tt.archive); !bytes.Equal(got, tt.content) || !errors.Is(err, ErrUnfinished) {
				t.Errorf("%d chunks, %s: Archive gives %d bytes of %d, then %v", i, name, len(got), len(tt.content), err)
			}
			frames, err := ReadIndex(bytes.NewReader(tt.archive), int64(len(tt.archive)))
			if len(frames) != tt.frames || !errors.Is(err, ErrUnfinished) {
				t.Errorf("%d chunks, %s: %d frames of %d are listed, then %v", i, name, len(frames), tt.frames, err)
			}
			for _, f := range frames {
				if indexed := bytes.HasSuffix(tt.archive[:f.Offset+f.Size], []byte(format.FooterMagic)); f.Indexed != indexed {
					t.Errorf("%d chunks, %s: the frame at byte %d has an index: %v", i, name, f.Offset, f.Indexed)
				}
			}
		}
	}
	// Cut anywhere, what comes out is of the first frame's whole chunks and then of the second
	// frame, and there is an error.
	for end := int64(1); end < f.Chunks[2].Offset; end++ {
		archive := slices.Concat(first[:end], second)
		got, err := decompress(archive)
		possible := bytes.HasPrefix(one, got)
		for i, at := range ends {
			whole := int64(0)
			if i > 0 {
				whole = f.Chunks[i-1].RawOffset + f.Chunks[i-1].RawSize
			}
			possible = possible || at == end && bytes.Equal(got, slices.Concat(one[:whole], two))
		}
		if !possible || err == nil {
			t.Errorf("cut at %d: %d bytes, %v", end, len(got), err)
		}
	}
}

// A header with more fields than a buffer holds is one, too; one whose checksum is wrong is not,
// nor the magic alone.
func TestHeaderWhereRecordBelongs(t *testing.T) {
	first := flushed(t, []byte("one\n"), 4, WithMethod(codec.Raw))
	c := framesOf(t, first)[0].Chunks[0]
	open := first[:c.Offset+c.Size]
	for _, more := range []int{0, 5000, 65000} {
		second := frame(format.AppendField(chunkSizeField(1<<10), 100, make([]byte, more)))
		body := format.AppendChunk(nil, &format.RecordHeader{Raw: 4, Lines: 1, CRC32C: checksum([]byte("two\n"))}, 1<<10, 0, []byte("two\n"))
		x := format.Index{ChunkSize: 1 << 10}
		x.Chunk(int64(len(body)), 4, 1)
		second = format.AppendIndex(append(second, body...), &x, int64(len(second)))
		if got, err := decompress(slices.Concat(open, second)); string(got) != "one\ntwo\n" || !errors.Is(err, ErrUnfinished) {
			t.Errorf("a header with a field of %d bytes: %q, %v", more, got, err)
		}
		second[8] ^= 1
		if got, err := decompress(slices.Concat(open, second)); string(got) != "one\n" || !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTruncated) {
			t.Errorf("a damaged header with a field of %d bytes: %q, %v", more, got, err)
		}
	}
	if got, err := decompress(append(bytes.Clone(open), format.HeaderMagic...)); string(got) != "one\n" || !errors.Is(err, ErrTruncated) {
		t.Errorf("half a header: %q, %v", got, err)
	}
}

// Zeros behind a footer say nothing, be they many or few, at the end or in front of another frame.
func TestPadding(t *testing.T) {
	log := logExcerpt(t, 3000)
	first := compress(t, nil, log[:2000], WithChunkSize(500))
	second := compress(t, letters, log[2000:], WithMethod(codec.LM), WithChunkSize(300))
	for _, n := range []int{1, 7, 8, 9, 511, 4096, 64<<10 + 1, 200 << 10} {
		zeros := make([]byte, n)
		archive := slices.Concat(first, zeros, second, zeros)
		for _, workers := range []int{1, 3} {
			if got, err := decompress(archive, WithWorkers(workers)); err != nil || !bytes.Equal(got, log) {
				t.Errorf("%d zeros: Reader gives %d bytes, %v", n, len(got), err)
			}
		}
		if got, err := all(t, archive); err != nil || !bytes.Equal(got, log) {
			t.Errorf("%d zeros: Archive gives %d bytes, %v", n, len(got), err)
		}
		frames, err := ReadIndex(bytes.NewReader(archive), int64(len(archive)))
		if err != nil || len(frames) != 2 || frames[1].Offset != int64(len(first)+n) || frames[1].Size != int64(len(second)) {
			t.Errorf("%d zeros: %d frames, %v", n, len(frames), err)
		}
		// What is behind the zeros must be a frame, and so must what is in front of all.
		for name, b := range map[string][]byte{"junk": slices.Concat(first, zeros, []byte("junk")), "in front": slices.Concat(zeros, first)} {
			_, err := decompress(b)
			_, listed := ReadIndex(bytes.NewReader(b), int64(len(b)))
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNotArchive) || errors.Is(listed, io.EOF) || listed == nil {
				t.Errorf("%d zeros, %s: %v, %v", n, name, err, listed)
			}
		}
	}
}
