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

func archiveOf(t *testing.T, m lm.Model, text []byte, method codec.Method) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := stream.NewWriter(&b, m, stream.WithMethod(method), stream.WithChunkSize(len(text)/4+1), stream.WithWorkers(1))
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
	for name, size := range map[string]int{"nano": 1000, "base": 400} {
		t.Run(name, func(t *testing.T) {
			text := []byte(golden.English[:size])
			cpu := released(t, name)
			gpu := mustOpen(t, cpu)
			archive := archiveOf(t, gpu, text, codec.LM)
			if !bytes.Equal(archive, archiveOf(t, cpu, text, codec.LM)) {
				t.Error("the archive that was written on the GPU is another")
			}
			if zstd := archiveOf(t, cpu, text, codec.Zstd); len(archive) > 3*len(zstd)/4 {
				t.Fatalf("archives are %d and %d bytes: the model was not asked", len(archive), len(zstd))
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
