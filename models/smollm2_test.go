package models_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	stored "github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/stream"
)

// requireEnv makes a missing SmolLM2 a failure.
const requireEnv = "REQUIRE_SMOLLM2"

// A language model of others, which scripts/get-model fetches, gives back what is written with it,
// to a reader that finds it by its hash, and makes prose smaller than ours do.
func TestSmolLM2(t *testing.T) {
	missing := func(format string, args ...any) {
		if os.Getenv(requireEnv) != "" {
			t.Fatalf(format, args...)
		}
		t.Skipf(format, args...)
	}
	store := models.NewStore(models.Options{})
	defer store.Close()
	f, err := store.Locate("smollm2")
	var none *models.NotFoundError
	if errors.As(err, &none) {
		missing("%v; scripts/get-model smollm2 fetches it", err)
	} else if err != nil {
		t.Fatal(err)
	}
	sum, err := store.Sum(f)
	if err != nil {
		t.Fatal(err)
	}
	if want := "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"; fmt.Sprintf("%x", sum) != want {
		missing("%s has SHA-256 %x, want %s", f, sum, want)
	}
	if llama.Version() == "" || !slices.Contains(llama.Classes(), "avx2") {
		missing("this program or this CPU cannot compute in class avx2")
	}
	m, err := store.Open(context.Background(), "smollm2", "avx2")
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(stored.English)[:700]
	for method, most := range map[codec.Method]int64{codec.LM: 190, codec.Mix: 190} {
		archive := archivetest.Compress(t, m, text, stream.WithMethod(method), stream.WithLevel(9))
		frames, err := stream.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
		if err != nil {
			t.Fatal(err)
		}
		c := frames[0].Chunks[0]
		t.Logf("%s: %d bytes as %d", method, len(text), c.Size)
		if c.Method != method || frames[0].Header.Model == nil || c.Size > most {
			t.Errorf("%s: coded by %s, %d bytes, want %d at most", method, c.Method, c.Size, most)
		}
		other := models.NewStore(models.Options{})
		r, err := stream.NewReader(bytes.NewReader(archive), other.Model)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: %d bytes come back, %v", method, len(got), err)
		}
		r.Close()
		other.Close()
	}
}
