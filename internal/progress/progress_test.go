package progress_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/progress"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/stream"
)

// Whoever reads an archive with a context that names somebody has him told, by the methods that
// take their time, of bytes that grow up to the chunk's.
func TestToldOfChunks(t *testing.T) {
	text, err := os.ReadFile("../../docs/DETERMINISM.md")
	if err != nil {
		t.Fatal(err)
	}
	text = text[:8000] // prose, which language models know best
	store := models.NewStore(models.Options{Embedded: embedded.Models(), Path: []string{}})
	defer store.Close()
	model, err := store.Open(t.Context(), "nano", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []codec.Method{codec.Mix, codec.LM, codec.RankHuffman} {
		archive := archivetest.Compress(t, model, text, stream.WithMethod(method), stream.WithChunkSize(len(text)))
		last, calls := -1, 0
		ctx := progress.With(t.Context(), func(before, done, of int) {
			if of != len(text) || done <= last || done > of || before != max(last, 0) {
				t.Errorf("%v: %d of %d behind %d, was %d", method, done, of, last, before)
			}
			last = done
			calls++
		})
		r, err := stream.NewReader(bytes.NewReader(archive), store.Model, stream.WithContext(ctx), stream.WithWorkers(1))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := r.WriteTo(&got); err != nil || !bytes.Equal(got.Bytes(), text) {
			t.Fatalf("%v: %v", method, err)
		}
		r.Close()
		if calls < 8 || last < len(text)/2 {
			t.Errorf("%v: told %d times, of %d bytes last", method, calls, last)
		}
	}
	progress.Tell(context.Background(), 0, 1, 2) // of which nobody is told
}
