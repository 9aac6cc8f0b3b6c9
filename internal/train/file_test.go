package train

import (
	"bytes"
	"errors"
	"testing"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
)

func TestLoadRefuses(t *testing.T) {
	for name, f := range map[string]*gguftest.File{
		"arch":   gguftest.New(gguftest.Spec{Arch: "qwen2", Type: gguf.F32}),
		"scaled": with(gguftest.New(gguftest.Spec{Arch: "llama", Type: gguf.F32}), "llama.rope.scaling.type", "linear"),
		"heads":  with(gguftest.New(gguftest.Spec{Arch: "llama", Type: gguf.F32}), "llama.attention.head_count", uint32(3)),
		"layers": with(gguftest.New(gguftest.Spec{Arch: "llama", Type: gguf.F32}), "llama.block_count", uint32(3)),
		"width":  with(gguftest.New(gguftest.Spec{Arch: "llama", Type: gguf.F32}), "llama.embedding_length", uint32(160)),
	} {
		data := f.Bytes()
		if _, err := Read(bytes.NewReader(data), int64(len(data))); !errors.Is(err, ErrModel) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	for name, c := range map[string]Config{
		"empty": {}, "width": {Vocab: 32, Width: 40, Layers: 1, Heads: 1, KVHeads: 1, FFN: 32, Context: 32},
		"huge": {Vocab: 1 << 20, Width: 1 << 20, Layers: 1 << 20, Heads: 1, KVHeads: 1, FFN: 32, Context: 32},
	} {
		if _, err := New(c, 1); !errors.Is(err, ErrModel) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func with(f *gguftest.File, key string, value any) *gguftest.File {
	f.Set(key, value)
	return f
}

// TestLoadLlama: the models that other tests run with libllama can be read, in every type.
func TestLoadLlama(t *testing.T) {
	for _, form := range []gguf.TensorType{gguf.F32, gguf.F16, gguf.Q8_0, gguf.Q4_0} {
		data := gguftest.New(gguftest.Spec{Arch: "llama", Type: form}).Bytes()
		m, err := Read(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%v: %v", form, err)
		}
		if m.Config.Width != 128 || m.Config.KVHeads != 2 || m.Config.Tied {
			t.Errorf("%v: %+v", form, m.Config)
		}
	}
}

func TestRate(t *testing.T) {
	for _, c := range []struct {
		step             int
		progress, stable float64
		want             float64
	}{{0, 0, 0.4, 0.02}, {24, 0, 0.4, 0.5}, {100, 0.2, 0.4, 1}, {100, 0.7, 0.4, 0.5}, {100, 1, 0.4, 0.01}} {
		if got := Rate(c.step, c.progress, c.stable); got < c.want-1e-9 || got > c.want+1e-9 {
			t.Errorf("Rate(%d, %g, %g) is %g, want %g", c.step, c.progress, c.stable, got, c.want)
		}
	}
}
