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
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/stream"
)

var update = flag.Bool("update", false, "write the golden archives that are missing")

// golden is what the archives in testdata hold: the first bytes of a log.
func golden(t *testing.T) []byte {
	log, err := os.ReadFile("../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	return log[:3000]
}

// Archives written with a model that was released, in each numeric class, must decode for ever on machines of that class. A
// process computes in one class, so each archive has a process of its own.
func TestGolden(t *testing.T) {
	if name := os.Getenv("LMZ_GOLDEN"); name != "" {
		decodeGolden(t, name)
		return
	}
	for _, method := range []string{"lm", "mix"} {
		for _, class := range []string{"sse42", "avx2", "avx512"} {
			name := filepath.Join("testdata", fmt.Sprintf("starter-%s-%s.lmz", method, class))
			t.Run(method+"/"+class, func(t *testing.T) {
				if !slices.Contains(llama.Classes(), class) {
					t.Skipf("this CPU cannot compute in class %s", class)
				}
				c := exec.Command(os.Args[0], "-test.run=^TestGolden$", fmt.Sprintf("-update=%v", *update))
				c.Env = append(os.Environ(), "LMZ_GOLDEN="+name)
				if out, err := c.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}

func decodeGolden(t *testing.T, name string) {
	ctx := context.Background()
	store := models.NewStore(models.Options{Backend: models.LibLlama{}})
	defer store.Close()
	if _, err := os.Stat(name); os.IsNotExist(err) && *update {
		writeGolden(t, store, name)
	}
	archive, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := stream.NewReader(bytes.NewReader(archive), store.Model, stream.WithReaderContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Header().Model == nil {
		t.Error("the archive names no model")
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, golden(t)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func writeGolden(t *testing.T, store *models.Store, name string) {
	parts := strings.Split(strings.TrimSuffix(name, ".lmz"), "-")
	class, method := parts[len(parts)-1], parts[len(parts)-2]
	m, err := store.Open(context.Background(), "embedded", class)
	if err != nil {
		t.Fatal(err)
	}
	opts := []stream.WriterOption{stream.WithMethod(codec.LM), stream.WithChunkSize(1000)}
	if method == "mix" {
		opts = []stream.WriterOption{stream.WithMethod(codec.Mix), stream.WithLevel(9), stream.WithPrimer(1500), stream.WithChunkSize(1000)}
	}
	var out bytes.Buffer
	w, err := stream.NewWriter(&out, m, opts...)
	if err == nil {
		_, err = w.Write(golden(t))
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = os.WriteFile(name, out.Bytes(), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}
