package train

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/lmz-go/lmz/internal/gguf"
)

// Load reads a GGUF file of arch llama whose tensors are F32, F16, Q8_0 or Q4_0. Errors wrap
// ErrModel, an error of gguf, or that of the file.
func Load(path string) (*Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	m, err := Read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Read reads a model as Load does.
func Read(r io.ReaderAt, size int64) (*Model, error) {
	h, err := gguf.ReadAll(r, size)
	if err != nil {
		return nil, err
	}
	c, err := configOf(h)
	if err != nil {
		return nil, err
	}
	list, total := c.tensors()
	if len(list) != len(h.Tensors) {
		return nil, fmt.Errorf("%w: it has %d tensors, its shape %d: only plain models of arch llama can be trained", ErrModel, len(h.Tensors), len(list))
	}
	m := &Model{Config: c, params: make([]float32, total)}
	for _, kv := range h.Metadata {
		if !ours(kv.Key) {
			m.Metadata = append(m.Metadata, kv)
		}
	}
	for _, t := range list {
		i := slices.IndexFunc(h.Tensors, func(in gguf.Tensor) bool { return in.Name == t.name })
		if i < 0 || !slices.Equal(h.Tensors[i].Shape, t.shape()) {
			return nil, fmt.Errorf("%w: tensor %s is missing or not %v", ErrModel, t.name, t.shape())
		}
		data := make([]byte, h.Tensors[i].Size)
		if _, err := r.ReadAt(data, h.DataOffset+int64(h.Tensors[i].Offset)); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		values, err := gguf.Decode(data, h.Tensors[i].Type)
		if err != nil {
			return nil, fmt.Errorf("tensor %s: %w", t.name, err)
		}
		if t.rotary {
			values = t.reorder(values, c.Head(), false)
		}
		copy(m.params[t.at:], values)
	}
	return m, nil
}

// Write writes a GGUF file whose matrices have the type form.
func (m *Model) Write(w io.Writer, form gguf.TensorType) error {
	list, _ := m.Config.tensors()
	var tensors []gguf.TensorData
	for _, t := range list {
		values, as := m.params[t.at:t.at+t.size()], form
		if t.rows == 0 {
			as = gguf.F32
		}
		if t.rotary {
			values = t.reorder(values, m.Config.Head(), true)
		}
		data, err := gguf.Encode(values, as)
		if err != nil {
			return err
		}
		tensors = append(tensors, gguf.TensorData{Name: t.name, Type: as, Shape: t.shape(), Data: data})
	}
	return gguf.Write(w, append(m.Config.metadata(form), m.Metadata...), tensors)
}

// SetName sets general.name.
func (m *Model) SetName(name string) {
	m.Metadata = slices.DeleteFunc(slices.Clone(m.Metadata), func(kv gguf.KeyValue) bool { return kv.Key == "general.name" })
	m.Metadata = slices.Insert(m.Metadata, 0, gguf.KeyValue{Key: "general.name", Value: name})
}

func (t tensor) shape() []uint64 {
	if t.rows == 0 {
		return []uint64{uint64(t.columns)}
	}
	return []uint64{uint64(t.columns), uint64(t.rows)}
}

// reorder moves the rows of each head from pairs (i, i + head/2) to neighbours, or back.
func (t tensor) reorder(values []float32, head int, neighbours bool) []float32 {
	out := make([]float32, len(values))
	for row := range t.rows {
		i := row % head // among neighbours
		halves := row - i + i%2*head/2 + i/2
		from, to := halves, row
		if !neighbours {
			from, to = row, halves
		}
		copy(out[to*t.columns:(to+1)*t.columns], values[from*t.columns:])
	}
	return out
}

// ours tells the keys that metadata writes.
func ours(key string) bool {
	return key == "general.architecture" || key == "general.file_type" || strings.HasPrefix(key, "llama.")
}

func (c Config) metadata(form gguf.TensorType) []gguf.KeyValue {
	fileType := map[gguf.TensorType]uint32{gguf.F32: 0, gguf.F16: 1, gguf.Q4_0: 2, gguf.Q8_0: 7}[form] // llama_ftype
	return []gguf.KeyValue{
		{Key: "general.architecture", Value: "llama"},
		{Key: "general.file_type", Value: fileType},
		{Key: "llama.context_length", Value: uint32(c.Context)},
		{Key: "llama.embedding_length", Value: uint32(c.Width)},
		{Key: "llama.block_count", Value: uint32(c.Layers)},
		{Key: "llama.feed_forward_length", Value: uint32(c.FFN)},
		{Key: "llama.attention.head_count", Value: uint32(c.Heads)},
		{Key: "llama.attention.head_count_kv", Value: uint32(c.KVHeads)},
		{Key: "llama.attention.layer_norm_rms_epsilon", Value: float32(c.Epsilon)},
		{Key: "llama.rope.freq_base", Value: float32(c.Rope)},
		{Key: "llama.rope.dimension_count", Value: uint32(c.Head())},
		{Key: "llama.vocab_size", Value: uint32(c.Vocab)},
	}
}

func configOf(h *gguf.Header) (Config, error) {
	if arch := h.Text("general.architecture"); arch != "llama" {
		return Config{}, fmt.Errorf("%w: it is of arch %q, only llama can be trained", ErrModel, arch)
	}
	number := func(key string) int {
		n, _ := h.Uint("llama." + key)
		return int(min(n, 1<<30))
	}
	real := func(key string, otherwise float64) float64 {
		if v, ok := h.Get("llama." + key).(float32); ok {
			return float64(v)
		}
		return otherwise
	}
	c := Config{Width: number("embedding_length"), Layers: number("block_count"), Heads: number("attention.head_count"),
		KVHeads: number("attention.head_count_kv"), FFN: number("feed_forward_length"), Context: number("context_length"),
		Epsilon: real("attention.layer_norm_rms_epsilon", 1e-5), Rope: real("rope.freq_base", 10000), Tied: true}
	for _, t := range h.Tensors {
		switch t.Name {
		case "token_embd.weight":
			if len(t.Shape) == 2 {
				c.Vocab = int(min(t.Shape[1], 1<<30))
			}
		case "output.weight":
			c.Tied = false
		}
	}
	if dims := number("rope.dimension_count"); dims != 0 && dims != c.Head() {
		return Config{}, fmt.Errorf("%w: rotary positions of %d of %d values", ErrModel, dims, c.Head())
	}
	if h.Get("llama.rope.scaling.type") != nil {
		return Config{}, fmt.Errorf("%w: rotary positions are scaled", ErrModel)
	}
	return c.defaults()
}
