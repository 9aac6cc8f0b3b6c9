//go:build llama && cgo

package models_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/stream"
)

var update = flag.Bool("update", false, "write the golden archives that are missing, never one that is there, and print the probes")

// goldenEnv makes the test binary a child that reads one golden archive.
const goldenEnv = "LMZ_GOLDEN"

// goldenText is what the archives in testdata hold: the first bytes of a log.
func goldenText(t *testing.T) []byte {
	log, err := os.ReadFile("../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	return log[:3000]
}

// Archives written with a model that was released, in each numeric class, must decode for ever on machines of that class. A
// process computes in one class, so each archive has a process of its own.
func TestGolden(t *testing.T) {
	if name := os.Getenv(goldenEnv); name != "" {
		decodeGolden(t, name)
		return
	}
	for _, g := range goldens() {
		t.Run(fmt.Sprintf("%s/%s/%s", g.model.Name, g.method, g.class), func(t *testing.T) {
			if !slices.Contains(llama.Classes(), g.class) {
				t.Skipf("this CPU cannot compute in class %s", g.class)
			}
			c := exec.Command(os.Args[0], "-test.run=^TestGolden$", "-test.v", fmt.Sprintf("-update=%v", *update))
			c.Env = append(os.Environ(), goldenEnv+"="+g.file())
			out, err := c.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			} else if *update {
				t.Logf("%s", out)
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
	store := models.NewStore(models.Options{Path: []string{filepath.Join("embedded", g.model.File)}})
	defer store.Close()
	if *update {
		writeGolden(t, store, g)
	}
	archive, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := stream.NewReader(bytes.NewReader(archive), store.Model, stream.WithWorkers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Header().Model == nil {
		t.Error("the archive names no model")
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, goldenText(t)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// writeGolden writes an archive unless there is one, and prints the model's probe.
func writeGolden(t *testing.T, store *models.Store, g golden) {
	m, err := store.Model(context.Background(), lm.ModelID{SHA256: g.model.SHA256, Class: g.class})
	if err != nil {
		t.Fatal(err)
	}
	probe, err := codec.Probe(context.Background(), m)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %q: mustProbe(\"%x\")", g.model.Name, g.class, probe)
	f, err := os.OpenFile(g.file(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if os.IsExist(err) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	opts := []stream.WriterOption{stream.WithMethod(codec.LM), stream.WithChunkSize(1000)}
	if g.method == "mix" {
		opts = []stream.WriterOption{stream.WithMethod(codec.Mix), stream.WithLevel(9), stream.WithPrimer(1500), stream.WithChunkSize(1000)}
	}
	w, err := stream.NewWriter(f, m, opts...)
	if err == nil {
		_, err = w.Write(goldenText(t))
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		os.Remove(g.file())
		t.Fatal(err)
	}
}
