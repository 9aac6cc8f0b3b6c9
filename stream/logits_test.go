package stream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/lm"
)

// nanBehind is a model without numbers behind these tokens.
func nanBehind(pieces [][]byte, tokens ...int32) *fakemodel.Model {
	return fakemodel.New(fakemodel.Options{Pieces: pieces, Row: func(held []int32, row []float32) {
		if n := len(held) - len(tokens); n >= 0 && slices.Equal(held[n:], tokens) {
			row[len(row)-1] = float32(math.NaN())
		}
	}})
}

func only(m lm.Model) ModelSource {
	return func(context.Context, lm.ModelID) (lm.Model, error) { return m, nil }
}

// A chunk that the model has no numbers for is coded without it, which its record tells; a mix of
// contexts goes on.
func TestLogitsNotFinite(t *testing.T) {
	log := logExcerpt(t, 8000)
	copy(log[3000:], "@@@")
	m := nanBehind(nil, '@'+1, '@'+1)
	for _, verify := range []bool{false, true} {
		for _, workers := range []int{1, 3} {
			opts := []WriterOption{WithChunkSize(2000), WithWorkers(workers)}
			if verify {
				opts = append(opts, WithVerify(io.Discard, func(err error) { t.Errorf("told of %v", err) }))
			}
			archive := compress(t, m, log, append(opts, WithMethod(codec.LM))...)
			if got := failures(t, archive); !maps.Equal(got, map[codec.Method]int{codec.LM: 1}) {
				t.Errorf("fell back from %v", got)
			}
			if got, err := decompress(archive); err != nil || !bytes.Equal(got, log) {
				t.Errorf("%v, differs at %d", err, differsAt(got, log))
			}
			archive = compress(t, m, log, append(opts, WithMethod(codec.Mix), WithLevel(4))...)
			if got := failures(t, archive); len(got) != 0 {
				t.Errorf("mix fell back: %v", got)
			}
			r, err := NewReader(bytes.NewReader(archive), only(m))
			if err != nil {
				t.Fatal(err)
			}
			var back bytes.Buffer
			if _, err := r.WriteTo(&back); err != nil || !bytes.Equal(back.Bytes(), log) {
				t.Errorf("%v, differs at %d", err, differsAt(back.Bytes(), log))
			}
			r.Close()
		}
	}
	// Where the reader's model has no numbers and the writer's had some, the chunk is damaged for
	// it.
	text := modelText(200)
	var tokens []int32
	for _, b := range text[100:108] {
		tokens = append(tokens, 1+int32(bytes.IndexByte([]byte("abcdefg\n"), b)))
	}
	archive := compress(t, letters, text)
	r, err := NewReader(bytes.NewReader(archive), only(nanBehind(pieces("abcdefg\n"), tokens...)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var back bytes.Buffer
	var chunk *ChunkError
	if _, err := r.WriteTo(&back); !errors.As(err, &chunk) || !errors.Is(err, ErrCorrupt) || !errors.Is(err, codec.ErrLogits) {
		t.Errorf("got %v", err)
	}
	if !bytes.HasPrefix(text, back.Bytes()) {
		t.Error("wrong bytes were given out")
	}
}
