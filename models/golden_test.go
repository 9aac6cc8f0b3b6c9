package models_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/coder"
	stored "github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/stream"
)

// goldenEnv makes the test binary a child that reads one golden archive.
const goldenEnv = "LMZ_GOLDEN"

// text is what the archive holds.
func (g golden) text(t *testing.T) []byte {
	text := goldenText(t, g.method)
	if g.model.Name == "large" {
		return text[:300]
	}
	return text
}

// goldenText is what the archives in testdata hold: the first bytes of a log. What mix has is long
// enough for a model to save more than its name takes.
func goldenText(t *testing.T, method string) []byte {
	if strings.HasPrefix(method, "rank-") { // which make more of the log than zstd does
		return []byte(stored.English)
	}
	log, err := os.ReadFile("../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	if method == "mix" {
		return log[:5000]
	}
	return log[:3000]
}

// Archives written with a model that was released, in each numeric class, are written the same, and
// decode, for ever on machines of that class. With -update the probes for models/released.go are
// printed, and archives that differ are written anew. A process computes in one class of libllama,
// so each archive of those has a process of its own.
func TestGolden(t *testing.T) {
	if name := os.Getenv(goldenEnv); name != "" {
		decodeGolden(t, name)
		return
	}
	for _, g := range goldens() {
		t.Run(fmt.Sprintf("%s/%s/%s", g.model.Name, g.method, g.class), func(t *testing.T) {
			if left(g.model) {
				t.Skip("this is no checkout: the model is not here")
			}
			if g.class == exact.Class {
				decodeGolden(t, g.file())
				return
			}
			if llama.Version() == "" || !slices.Contains(llama.Classes(), g.class) {
				if stored.Updating() {
					fmt.Printf("golden: models/%s: KEPT: this program or this CPU cannot compute in class %s\n", g.file(), g.class)
				}
				t.Skipf("this program or this CPU cannot compute in class %s", g.class)
			}
			c := exec.Command(os.Args[0], "-test.run=^TestGolden$", "-test.v", fmt.Sprintf("-update=%v", stored.Updating()))
			c.Env = append(os.Environ(), goldenEnv+"="+g.file())
			out, err := c.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			} else if stored.Updating() {
				fmt.Printf("%s", out)
			}
		})
	}
}

func decodeGolden(t *testing.T, file string) {
	i := slices.IndexFunc(goldens(), func(g golden) bool { return g.file() == file })
	if i < 0 {
		t.Fatalf("%s is no golden archive", file)
	}
	g := goldens()[i]
	store := models.NewStore(models.Options{Path: []string{modelFile(g.model)}})
	defer store.Close()
	archive := stored.Stored(t, file, writeGolden(t, store, g))
	r, err := stream.NewReader(bytes.NewReader(archive), store.Model, stream.WithWorkers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Header().Model == nil {
		t.Error("the archive names no model")
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, g.text(t)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// writeGolden makes the archive.
func writeGolden(t *testing.T, store *models.Store, g golden) []byte {
	m, err := store.Model(context.Background(), lm.ModelID{SHA256: g.model.SHA256, Class: g.class})
	if err != nil {
		t.Fatal(err)
	}
	if stored.Updating() {
		probe, err := coder.Probe(context.Background(), m)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%s: %q: mustProbe(\"%x\")\n", g.model.Name, g.class, probe)
	}
	methods := map[string]codec.Method{"lm": codec.LM, "rank-gzip": codec.RankGzip, "rank-huffman": codec.RankHuffman}
	opts := []stream.WriterOption{stream.WithMethod(methods[g.method]), stream.WithChunkSize(1000)}
	if g.method == "mix" {
		opts = []stream.WriterOption{stream.WithMethod(codec.Mix), stream.WithLevel(9), stream.WithPrimer(2500), stream.WithChunkSize(1700)}
	}
	return archivetest.Compress(t, m, g.text(t), opts...)
}
