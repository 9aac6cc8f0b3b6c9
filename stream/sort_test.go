package stream

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/internal/preset"
)

// Up to level 4, large chunks of prose are sorted: where no model is asked and next to nothing can
// be learnt from what they start from.
func TestProseIsSorted(t *testing.T) {
	const size = 64 << 10 // the least at level 1
	prose, log := golden.Text("prose", 1, 3*size), golden.Text("log", 1, size/2)
	other := golden.Text("prose", 2, size+size/8)
	level1 := func(o ...WriterOption) []WriterOption {
		return slices.Concat([]WriterOption{WithMethod(codec.Mix), WithLevel(1)}, o)
	}
	for _, tt := range []struct {
		name   string
		data   []byte
		opts   []WriterOption
		want   map[codec.Method]int
		primer format.Primer
	}{
		{"prose", prose[:size], level1(), map[codec.Method]int{codec.BWT: 1}, format.PrimerNone},
		{"less prose", prose[:size-1], level1(), map[codec.Method]int{codec.Mix: 1}, format.PrimerNone},
		{"log", log, level1(), map[codec.Method]int{codec.Mix: 1}, format.PrimerNone},
		{"level 2", prose[:size], []WriterOption{WithMethod(codec.Mix), WithLevel(2)}, map[codec.Method]int{codec.Mix: 1}, format.PrimerNone},
		{"chunks", prose, level1(WithPrimer(0), WithChunkSize(3*size/2)), map[codec.Method]int{codec.BWT: 2, codec.Mix: 1}, format.PrimerNone},
		{"primer", prose[:2*size], level1(WithPrimer(size), WithChunkSize(size)), map[codec.Method]int{codec.Mix: 3}, format.PrimerFirstChunk},
		{"small primer", slices.Concat(prose[:size/4], other, log), level1(WithPrimer(size/4), WithChunkSize(size+size/8)),
			map[codec.Method]int{codec.Mix: 2, codec.BWT: 1}, format.PrimerFirstChunk},
		{"dictionary", prose[:size], level1(WithDictionary(prose[:size])), map[codec.Method]int{codec.Mix: 1}, format.PrimerDictionary},
		{"small dictionary", prose[:size], level1(WithDictionary(prose[:size/4])), map[codec.Method]int{codec.BWT: 1}, format.PrimerDictionary},
		// Long repeats: mix may be smaller, and is tried as well.
		{"repeats", bytes.Repeat(prose[:4000], 40), level1(), map[codec.Method]int{codec.Mix: 1}, format.PrimerNone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			archive := compress(t, nil, tt.data, tt.opts...)
			if got := methods(t, archive); !maps.Equal(got, tt.want) {
				t.Errorf("methods are %v, want %v", got, tt.want)
			}
			if got := framesOf(t, archive)[0].Header.Primer; got != tt.primer {
				t.Errorf("primer is %v, want %v", got, tt.primer)
			}
			for _, workers := range []int{1, 3} {
				if again := compress(t, nil, tt.data, append(tt.opts, WithWorkers(workers))...); !bytes.Equal(again, archive) {
					t.Errorf("%d workers give another archive", workers)
				}
				back, err := decompress(archive, WithWorkers(workers), WithDictionaries(DictionarySet(prose[:size], prose[:size/4])))
				if err != nil || !bytes.Equal(back, tt.data) {
					t.Errorf("%v, differs at %d", err, differsAt(back, tt.data))
				}
			}
		})
	}
}

// Each level sorts prose from a size on, or does not.
func TestLeastSorted(t *testing.T) {
	for level := 0; level <= preset.Max; level++ {
		w, err := NewWriter(&bytes.Buffer{}, nil, WithMethod(codec.Mix), WithLevel(level))
		if err != nil {
			t.Fatal(err)
		}
		most := golden.Text("prose", 1, 2<<20)
		least := preset.Level(level).Sorted
		if (least > 0) != (level <= 4) {
			t.Errorf("level %d sorts from %d bytes on", level, least)
		}
		if least > 0 && (!w.sorts(most[:least]) || w.sorts(most[:least-1])) || least == 0 && w.sorts(most) {
			t.Errorf("level %d does not sort from %d bytes on", level, least)
		}
	}
}

// A frame whose first chunk is sorted has no primer where that is the writer's choice, and its
// chunks are coded side by side.
func TestSortedFrameHasNoPrimer(t *testing.T) {
	const chunk = 1 << 20
	prose := golden.Text("prose", 3, 2*chunk+chunk/2)
	for _, tt := range []struct {
		data   []byte
		opts   []WriterOption
		primer format.Primer
		chunks int
	}{
		{prose, nil, format.PrimerNone, 3},
		{prose, []WriterOption{WithPrimer(chunk / 4)}, format.PrimerFirstChunk, 4},
		{prose, []WriterOption{WithLevel(5)}, format.PrimerFirstChunk, 4},
		{slices.Concat(golden.Text("log", 3, chunk), prose[:chunk]), nil, format.PrimerFirstChunk, 3},
	} {
		t.Run(fmt.Sprint(tt.primer, tt.chunks), func(t *testing.T) {
			t.Parallel()
			opts := append([]WriterOption{WithMethod(codec.Mix), WithLevel(1), WithChunkSize(chunk)}, tt.opts...)
			if testing.Short() {
				t.Skip("slow")
			}
			frame := framesOf(t, compress(t, nil, tt.data, opts...))[0]
			if frame.Header.Primer != tt.primer || len(frame.Chunks) != tt.chunks {
				t.Errorf("primer %v, %d chunks, want %v, %d", frame.Header.Primer, len(frame.Chunks), tt.primer, tt.chunks)
			}
		})
	}
}

// A model that does not pay is dropped, and the chunk that showed it is sorted.
func TestSortedWithoutModel(t *testing.T) {
	prose := golden.Text("prose", 4, 1<<20)
	archive := compress(t, fake, prose, WithMethod(codec.Mix), WithLevel(4))
	if got := methods(t, archive); got[codec.BWT] != 1 {
		t.Errorf("methods are %v", got)
	}
}

// What is tried on a large chunk, which its bytes in an archive depend on, does not depend on how
// many bits an int has.
func TestFormatOfLargeChunks(t *testing.T) {
	large := make([]byte, 320e6) // none of which is touched
	if !compresses(large[:100e6], large) || !compresses(large[:279e6], large) || compresses(large[:281e6], large) {
		t.Error("which chunks compress depends on their size")
	}
}
