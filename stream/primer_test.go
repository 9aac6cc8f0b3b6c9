package stream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/format"
)

// primed makes archives of several chunks out of little input, which level 1 codes fast.
func primed(opts ...WriterOption) []WriterOption {
	return slices.Concat([]WriterOption{WithMethod(codec.Mix), WithLevel(1), WithPrimer(4000), WithChunkSize(2000)}, opts)
}

func TestPrimer(t *testing.T) {
	log := logExcerpt(t, 20000)
	archive := compress(t, nil, log, primed()...)
	for _, workers := range []int{1, 3} {
		if other := compress(t, nil, log, primed(WithWorkers(workers))...); !bytes.Equal(other, archive) {
			t.Errorf("%d workers write another archive", workers)
		}
		if got, err := decompress(archive, WithWorkers(workers)); err != nil || !bytes.Equal(got, log) {
			t.Errorf("%d workers: %v, differs at %d", workers, err, differsAt(got, log))
		}
	}
	cold := compress(t, nil, log, primed(WithPrimer(0))...)
	if len(archive) >= len(cold) {
		t.Errorf("%d bytes with a primer, %d without", len(archive), len(cold))
	}
	if got, err := decompress(cold); err != nil || !bytes.Equal(got, log) {
		t.Errorf("without a primer: %v", err)
	}
}

// The first chunk is the primer however it is coded.
func TestPrimerThatDoesNotCompress(t *testing.T) {
	data := slices.Concat(random(4000), logExcerpt(t, 6000))
	archive := compress(t, nil, data, primed()...)
	frames := framesOf(t, archive)
	if m := frames[0].Chunks[0].Method; m != codec.Raw {
		t.Errorf("noise is coded with method %d", m)
	}
	if got, err := decompress(archive); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%v, differs at %d", err, differsAt(got, data))
	}
}

func TestDictionary(t *testing.T) {
	log := logExcerpt(t, 12000)
	dict, data := log[:6000], log[6000:]
	archive := compress(t, nil, data, primed(WithDictionary(dict))...)
	if cold := compress(t, nil, data, primed(WithPrimer(0))...); len(archive) >= len(cold) {
		t.Errorf("%d bytes with a dictionary, %d without", len(archive), len(cold))
	}
	got, err := decompress(archive, WithDictionaries(DictionarySet(data, dict)))
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%v, differs at %d", err, differsAt(got, data))
	}
	if _, err := decompress(archive); !errors.Is(err, ErrNoDictionary) {
		t.Errorf("without dictionaries: %v", err)
	}
	if _, err := decompress(archive, WithDictionaries(DictionarySet(data))); !errors.Is(err, ErrNoDictionary) {
		t.Errorf("without the dictionary: %v", err)
	}
}

// Any one part of the primer may be lost.
func TestPrimerIsRepaired(t *testing.T) {
	log := logExcerpt(t, 20000)
	archive := compress(t, nil, log, primed()...)
	frames := framesOf(t, archive)
	first := frames[0].Chunks[0]
	_, _, size := format.ParityShape(format.AuxParity, int(first.Size))
	for at := first.Offset; at < first.Offset+first.Size; at += 61 {
		for _, n := range []int{0, 1, size} {
			damaged := bytes.Clone(archive)
			for i := range n {
				if at+int64(i) < first.Offset+first.Size {
					damaged[at+int64(i)] ^= 0x55
				}
			}
			if n == 0 {
				damaged[at] ^= format.TagPrimed // of the tag: a first chunk that depends on itself
			}
			var notices []error
			got, err := decompress(damaged, WithWorkers(1), WithLanes(1), WithNotice(func(e error) { notices = append(notices, e) }))
			if err != nil || !bytes.Equal(got, log) {
				t.Fatalf("%d bytes damaged at %d of %d: %v", n, at-first.Offset, first.Size, err)
			}
			if len(notices) != 1 || !errors.Is(notices[0], ErrCorrupt) {
				t.Fatalf("%d bytes damaged at %d: told of %v", n, at, notices)
			}
		}
	}
	// More than parity can give is an error, not other bytes.
	damaged := bytes.Clone(archive)
	clear(damaged[first.Offset : first.Offset+first.Size/2])
	if got, err := decompress(damaged); !errors.Is(err, ErrCorrupt) || len(got) > 0 {
		t.Errorf("half of the primer damaged: %d bytes, %v", len(got), err)
	}
}

// Data made to look like many parity records takes no time that grows with their number times their
// size.
func TestHostileParity(t *testing.T) {
	damaged := []byte{0}
	for len(damaged) < 1<<20 {
		damaged = append(damaged, format.TagAuxiliary, format.AuxParity)
		damaged = binary.AppendUvarint(damaged, uint64(format.ParitySize(format.AuxParity, len(damaged)-2)))
		damaged = append(damaged, 1, 2, 3, 4)
		damaged = binary.AppendUvarint(damaged, uint64(len(damaged)-4))
	}
	if at, _, body := format.FindParity(damaged); body != nil {
		t.Errorf("found at %d", at)
	}
}

// With a model, too, the bytes do not depend on how many work on them.
func TestMixWithModel(t *testing.T) {
	log := logExcerpt(t, 12000)
	opts := func(more ...WriterOption) []WriterOption {
		return append([]WriterOption{WithMethod(codec.Mix), WithLevel(6), WithPrimer(4000), WithChunkSize(2000)}, more...)
	}
	archive := compress(t, letters, log, opts()...)
	for _, n := range []int{1, 8} {
		if other := compress(t, letters, log, opts(WithWorkers(n), WithLanes(n))...); !bytes.Equal(other, archive) {
			t.Errorf("%d workers write another archive", n)
		}
		if got, err := decompress(archive, WithWorkers(n)); err != nil || !bytes.Equal(got, log) {
			t.Errorf("%d workers: %v, differs at %d", n, err, differsAt(got, log))
		}
	}
}

// A model that does not save, in the first chunk, what its name takes is not named.
func TestModelIsNamedOnlyWhereItPays(t *testing.T) {
	log := logExcerpt(t, 9000)
	for _, tt := range []struct {
		level int
		data  []byte
		named bool
	}{{6, log, false}, {8, codectest.Generate(t, fake, 13000), true}, {9, log, false}, {9, codectest.Generate(t, fake, 13000), true}, {9, nil, false}} {
		archive := compress(t, fake, tt.data, primed(WithLevel(tt.level), WithPrimer(12000))...)
		frames := framesOf(t, archive)
		if named := frames[0].Header.Model != nil; named != tt.named {
			t.Errorf("level %d, %d bytes: model named: %v, want %v", tt.level, len(tt.data), named, tt.named)
		}
		if alone := compress(t, nil, tt.data, primed(WithLevel(tt.level), WithPrimer(12000))...); !tt.named && !bytes.Equal(archive, alone) {
			t.Errorf("level %d, %d bytes: another archive than without a model", tt.level, len(tt.data))
		}
		if got, err := decompress(archive); err != nil || !bytes.Equal(got, tt.data) {
			t.Errorf("level %d: %v, differs at %d", tt.level, err, differsAt(got, tt.data))
		}
	}
}

// Behind a primer that is larger than a chunk, and whose last line end lies more than a chunk in front of its end, several chunks
// are left.
func TestLongLineInPrimer(t *testing.T) {
	text := []byte(strings.Repeat("x", 9000) + "\n" + strings.Repeat("y", 3000))
	opts := []WriterOption{WithMethod(codec.Mix), WithLevel(1), WithChunkSize(100), WithPrimer(10000)}
	want := compress(t, nil, text, opts...)
	if got, err := decompress(want); err != nil || !bytes.Equal(got, text) {
		t.Error(err)
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, nil, opts...)
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []io.Reader{bytes.NewReader(text), iotest.OneByteReader(bytes.NewReader(text))} {
		out.Reset()
		w.Reset(&out)
		if _, err := w.ReadFrom(from); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil || !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%v, %d bytes, want %d", err, out.Len(), len(want))
		}
	}
}
