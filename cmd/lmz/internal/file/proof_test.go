package file

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/stream"
)

// What happens to the archive's file or to the source after they were written and read is found
// before the source is deleted.
func TestProof(t *testing.T) {
	log := []byte(strings.Repeat("GET /index.html 200\nGET /missing 404\n", 1000))
	change := func(path string, edit func([]byte) []byte) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, edit(b), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	flip := func(b []byte) []byte { b[len(b)/2] ^= 1; return b }
	for name, tt := range map[string]struct {
		harm func(archive, source string)
		want error
	}{
		"nothing":           {func(string, string) {}, nil},
		"archive, a bit":    {func(archive, _ string) { change(archive, flip) }, ErrDiffers},
		"archive cut off":   {func(archive, _ string) { os.Truncate(archive, 100) }, ErrDiffers},
		"source, a bit":     {func(_, source string) { change(source, flip) }, ErrDiffers},
		"source goes on":    {func(_, source string) { change(source, func(b []byte) []byte { return append(b, '\n') }) }, ErrDiffers},
		"source is shorter": {func(_, source string) { os.Truncate(source, 100) }, ErrDiffers},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			source, archive := filepath.Join(dir, "a.log"), filepath.Join(dir, "a.log.lmz")
			if err := os.WriteFile(source, log, 0o666); err != nil {
				t.Fatal(err)
			}
			src, err := Open(source, false)
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			f, err := os.Create(archive)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			p := NewProof(0)
			w, err := stream.NewWriter(p.Written(f), nil, stream.WithMethod(codec.Zstd), stream.WithChunkSize(10000), stream.WithVerify(p.Decoded(), nil))
			if err == nil {
				_, err = io.Copy(w, src)
			}
			if err == nil {
				err = w.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			tt.harm(archive, source)
			out := &Output{file: f, temporary: archive}
			if err := p.Check(out, src); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
	// A proof of an archive that was written wrongly.
	f, err := os.Create(filepath.Join(t.TempDir(), "x.lmz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := NewProof(0)
	if _, err := io.Copy(p.Written(f), bytes.NewReader([]byte("\xbclmz\x01 and no frame"))); err != nil {
		t.Fatal(err)
	}
	if err := p.Check(&Output{file: f, temporary: f.Name()}, nil); !errors.Is(err, stream.ErrCorrupt) && !errors.Is(err, stream.ErrTruncated) {
		t.Errorf("not an archive: %v", err)
	}
}
