package main

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/stream"
)

// What coders say moves within chunks, both ways, and adds up to the content.
func TestMetered(t *testing.T) {
	log, err := os.ReadFile("../../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	prose, err := os.ReadFile("../../docs/DETERMINISM.md") // which language models know best
	if err != nil {
		t.Fatal(err)
	}
	store := models.NewStore(models.Options{Embedded: embedded.Models(), Path: []string{}})
	defer store.Close()
	model, err := store.Open(t.Context(), "nano", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []codec.Method{codec.Mix, codec.LM, codec.RankHuffman} {
		var archive bytes.Buffer
		var asked lm.Model
		text := log
		if method.ByTokens() {
			asked, text = model, prose[:8000]
		}
		var in, out meter
		ctx := metered(t.Context(), func() *meter { return &in })
		w, err := stream.NewWriter(&archive, asked, stream.WithMethod(method), stream.WithContext(ctx), stream.WithChunkSize(len(text)/2), stream.WithWorkers(2))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		ctx = metered(t.Context(), func() *meter { return &out })
		r, err := stream.NewReader(&archive, store.Model, stream.WithContext(ctx), stream.WithWorkers(2))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.WriteTo(io.Discard); err != nil {
			t.Fatal(err)
		}
		r.Close()
		for what, m := range map[string]*meter{"encoded": &in, "decoded": &out} {
			// The last steps of chunks need not be told of.
			if n := m.coded.Load(); n < int64(len(text))/2 || n > int64(len(text)) {
				t.Errorf("%v: %d of %d bytes %s", method, n, len(text), what)
			}
		}
	}
}
