package gguf_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
)

func sample() []byte { return gguftest.New(gguftest.Spec{Arch: "gemma", Type: gguf.Q4_0}).Bytes() }

func TestRead(t *testing.T) {
	data := sample()
	path := filepath.Join(t.TempDir(), "m.gguf")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := gguf.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if h.Version != 3 || h.Alignment != 32 || h.Size != int64(len(data)) || h.DataOffset%32 != 0 {
		t.Errorf("header is %+v", h)
	}
	if h.Text("general.architecture") != "gemma" || h.Text("gemma.block_count") != "" || h.Get("none") != nil {
		t.Errorf("texts are %q, %q", h.Text("general.architecture"), h.Text("gemma.block_count"))
	}
	if n, ok := h.Uint("gemma.block_count"); n != 2 || !ok {
		t.Errorf("block count is %d, %v", n, ok)
	}
	if _, ok := h.Uint("general.name"); ok {
		t.Error("a text is an integer")
	}
	// Embedding and norms, and two blocks of q, k, v, output, gate, up, down and norms.
	if want := uint64(512*128 + 128 + 2*(2*128*128+2*64*128+3*128*256+2*128)); h.Parameters() != want {
		t.Errorf("%d parameters, want %d", h.Parameters(), want)
	}
	var tokens []string
	for text, err := range h.Strings(bytes.NewReader(data), h.Get("tokenizer.ggml.tokens").(gguf.Array)) {
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, text)
	}
	if len(tokens) != 512 || tokens[0] != "<unk>" || tokens[3] != "<0x00>" {
		t.Errorf("%d tokens, %.5q", len(tokens), tokens)
	}
	if _, err := gguf.ReadFile(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}

// TestReadTruncated: a file that ends anywhere too early is truncated, and nothing else.
func TestReadTruncated(t *testing.T) {
	data := sample()
	h, err := gguf.Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for size := int64(0); size < h.DataOffset; size += 1 + size/100 {
		want := gguf.ErrTruncated
		if size < 4 {
			want = gguf.ErrNotGGUF
		}
		if _, err := gguf.Read(bytes.NewReader(data[:size]), size); !errors.Is(err, want) {
			t.Fatalf("%d of %d bytes: error is %v, want %v", size, len(data), err, want)
		}
	}
}

func TestReadFails(t *testing.T) {
	broken := errors.New("disk on fire")
	_, err := gguf.Read(readerAt{iotest.ErrReader(broken)}, 100)
	if !errors.Is(err, gguf.ErrNotGGUF) && !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	data := sample()
	if _, err := gguf.Read(readerAt{io.MultiReader(bytes.NewReader(data[:40]), iotest.ErrReader(broken))}, 1<<20); !errors.Is(err, broken) {
		t.Errorf("error is %v, want %v", err, broken)
	}
}

// readerAt reads a stream whatever the offset.
type readerAt struct{ io.Reader }

func (r readerAt) ReadAt(b []byte, _ int64) (int, error) { return r.Read(b) }

// TestClaims: what a header merely claims costs no memory.
func TestClaims(t *testing.T) {
	claims := map[string][]byte{
		"tensors":  []byte("GGUF\x03\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x0f\x00\x00\x00\x00\x00\x00\x00\x00"),
		"keys":     []byte("GGUF\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00"),
		"a string": []byte("GGUF\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00k"),
	}
	for name, data := range claims {
		allocated := testing.AllocsPerRun(5, func() {
			if _, err := gguf.Read(bytes.NewReader(data), int64(len(data))); err == nil {
				t.Errorf("%s: no error", name)
			}
		})
		if allocated > 100 {
			t.Errorf("%s: %v allocations", name, allocated)
		}
	}
}

func FuzzRead(f *testing.F) {
	file := gguftest.File{}
	file.Set("general.architecture", "llama")
	file.Set("general.alignment", uint32(64))
	file.Set("a", []float32{1, 2})
	file.Set("tokens", []string{"a", "bc"})
	file.Set("flag", true)
	file.Tensors = []gguftest.Tensor{{Name: "t", Type: gguf.Q8_0, Shape: []uint64{32, 2}, Data: make([]byte, 68)}}
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := gguf.Read(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			for _, known := range []error{gguf.ErrNotGGUF, gguf.ErrTruncated, gguf.ErrCorrupt} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatalf("unknown error %v", err)
		}
		for _, kv := range h.Metadata {
			a, ok := kv.Value.(gguf.Array)
			if !ok {
				continue
			}
			n := uint64(0)
			for _, err := range h.Strings(bytes.NewReader(data), a) {
				if n++; (err != nil) != (a.Type != gguf.String) {
					t.Fatalf("%s, %v: element %d: %v", kv.Key, a, n, err)
				}
			}
			for range h.Integers(bytes.NewReader(data), a) {
			}
		}
		for _, tensor := range h.Tensors {
			if end := uint64(h.DataOffset) + tensor.Offset + tensor.Size; end > uint64(len(data)) || tensor.Elements() == 0 {
				t.Fatalf("tensor %+v in a file of %d bytes", tensor, len(data))
			}
		}
	})
}
