package brotli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/stream"
)

var params = coder.Params{Window: kvcache.Policy{Reset: kvcache.Overlap, Window: 128, Overlap: 32}}

// log is part of a log of PostgreSQL written through syslog (../testdata/README.md).
func log(t testing.TB, n int) []byte {
	text, err := os.ReadFile("../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	return text[:n]
}

func TestRoundTrip(t *testing.T) {
	for _, kind := range []fakemodel.Tokenizer{fakemodel.Exact, fakemodel.SpacePrefix, fakemodel.Lossy} {
		m := fakemodel.New(fakemodel.Options{Tokenizer: kind})
		for name, chunk := range codectest.Chunks(log(t, 2000)) {
			t.Run(name, func(t *testing.T) { codectest.RoundTrip(t, m, codec.RankBrotli, params, chunk) })
		}
	}
}

func TestCorrupt(t *testing.T) {
	codectest.Corrupt(t, fakemodel.New(fakemodel.Options{}), codec.RankBrotli, params, log(t, 700))
}

func FuzzDecode(f *testing.F) {
	m := fakemodel.New(fakemodel.Options{})
	f.Add(codectest.RoundTrip(f, m, codec.RankBrotli, params, log(f, 300)), uint16(300))
	f.Fuzz(func(t *testing.T, payload []byte, n uint16) {
		codectest.Run(t, m, params, func(l *coder.Lane) error {
			c, err := coder.New(codec.RankBrotli, l, params)
			if err != nil {
				return err
			}
			got, err := c.Decode(nil, payload, int(n))
			if err != nil && !errors.Is(err, coder.ErrCorrupt) || err == nil && len(got) != int(n) {
				t.Errorf("%d bytes, want %d: %v", len(got), n, err)
			}
			return nil
		})
	})
}

// The window of a stream is what its first byte says, and one that is larger than ours is refused.
func TestWindow(t *testing.T) {
	for bits := 10; bits <= 24; bits++ {
		var out bytes.Buffer
		w := brotli.NewWriterOptions(&out, brotli.WriterOptions{Quality: 2, LGWin: bits})
		if _, err := w.Write(log(t, 1000)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := window(out.Bytes()[0]); got != bits {
			t.Errorf("window of 2^%d: the first byte is said to mean %d", bits, got)
		}
		r, err := expand(bytes.NewReader(out.Bytes()))
		if bits > windowBits {
			if !errors.Is(err, errWindow) {
				t.Errorf("window of 2^%d: %v", bits, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("window of 2^%d: %v", bits, err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, log(t, 1000)) {
			t.Errorf("window of 2^%d: %d bytes, %v", bits, len(got), err)
		}
	}
}

// A payload of few bytes that stands for a great many ranks takes no memory for them.
func TestMemory(t *testing.T) {
	var out bytes.Buffer
	w, err := compress(&out)
	if err == nil {
		_, err = w.Write(make([]byte, 64<<20))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	codectest.Run(t, fakemodel.New(fakemodel.Options{}), params, func(l *coder.Lane) error {
		c, err := coder.New(codec.RankBrotli, l, params)
		if err != nil {
			return err
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := c.Decode(nil, out.Bytes(), 1000); !errors.Is(err, coder.ErrCorrupt) {
			t.Errorf("%d bytes of payload: %v", out.Len(), err)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
			t.Errorf("%d bytes of payload take %d", out.Len(), n)
		}
		return nil
	})
}

// The archive in testdata is written the same, and read, for ever.
func TestGolden(t *testing.T) {
	text := []byte(golden.English)
	store := models.NewStore(models.Options{Path: []string{"../models/embedded"}})
	defer store.Close()
	r, ok := models.ReleasedAs("nano-q8_0.gguf")
	if !ok {
		t.Fatal("no model nano")
	}
	m, err := store.Model(context.Background(), lm.ModelID{SHA256: r.SHA256, Class: "exact"})
	if err != nil {
		t.Fatal(err)
	}
	archive := archivetest.Compress(t, m, text, stream.WithMethod(codec.RankBrotli), stream.WithChunkSize(1000))
	archive = golden.Stored(t, filepath.Join("testdata", "nano-rank-brotli-exact.lmz"), archive)
	frames, err := stream.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range frames[0].Chunks {
		if c.Method != codec.RankBrotli {
			t.Errorf("a chunk is coded by %s", c.Method)
		}
	}
	back, err := stream.NewReader(bytes.NewReader(archive), store.Model)
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	if got, err := io.ReadAll(back); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
