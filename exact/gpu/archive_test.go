//go:build linux && (amd64 || arm64)

package gpu

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

func archiveOf(t *testing.T, m lm.Model, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := stream.NewWriter(&b, m, stream.WithMethod(codec.LM), stream.WithChunkSize(len(text)/8), stream.WithWorkers(1))
	if err == nil {
		if _, err = w.Write(text); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// An archive has the same bytes whether it is written on a GPU or on the processor, and each reads
// the other's.
func TestArchives(t *testing.T) {
	for name, text := range map[string][]byte{"nano": golden.Text("log", 11, 3000), "base": golden.Text("table", 12, 800)} {
		t.Run(name, func(t *testing.T) {
			cpu := released(t, name)
			gpu := mustOpen(t, cpu)
			archive := archiveOf(t, gpu, text)
			if !bytes.Equal(archive, archiveOf(t, cpu, text)) {
				t.Error("the archive that was written on the GPU is another")
			}
			for _, m := range []lm.Model{cpu, gpu} {
				asked := 0
				r, err := stream.NewReader(bytes.NewReader(archive), func(context.Context, lm.ModelID) (lm.Model, error) {
					asked++
					return m, nil
				}, stream.WithWorkers(1))
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				if err != nil || !bytes.Equal(got, text) {
					t.Errorf("%T gives %d bytes of %d: %v", m, len(got), len(text), err)
				}
				if r.Close(); asked == 0 {
					t.Error("the archive needs no model")
				}
			}
		})
	}
}
