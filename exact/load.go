package exact

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/bits"
	"strings"

	"github.com/lmz-go/lmz/internal/bpe"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/lm"
)

// ErrUnsupported is wrapped by the errors for models that this engine does not compute: of another
// architecture, shape, type of weights or tokenizer.
var ErrUnsupported = errors.New("the exact engine does not support this model")

// tensorFraction is the fractional bits of tensors while they are read: a Q8_0 or F16 number is a
// whole multiple of its unit.
const tensorFraction = 24

// tensorMax bounds what is read of F32; the greatest magnitude of F16 is below 2^40, of Q8_0 below
// 2^47.
const tensorMax = 1<<46 - 1

// Limits of what sums of 32 bits hold, and of what one bad file may ask for.
const (
	maxColumns    = 1040
	maxContext    = 1024
	maxHead       = 64 // a query times a key, less scoreDrop bits, has 16 bits
	maxLayers     = 256
	maxVocabulary = 1 << 18
)

// shape is the hyperparameters of an architecture llama.
type shape struct {
	layers, width, heads, kvHeads, inner, context int
	head                                          int // width of a head
}

// reader reads tensors of a file.
type reader struct {
	header *gguf.Header
	data   io.ReaderAt
	used   int // tensors
	err    error
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}

// Open loads the model file at path, hashing it whole. Errors wrap ErrUnsupported or say what is
// wrong with the file; when ctx ends meanwhile the error is that of ctx. The file must not change
// meanwhile.
func Open(ctx context.Context, path string) (*Model, error) {
	f, size, err := gguf.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := open(ctx, f, size, &kernels[0])
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", path, err)
	}
	return m, nil
}

// OpenBytes loads a model file that is in memory; data is not kept. Errors are Open's.
func OpenBytes(ctx context.Context, data []byte) (*Model, error) {
	m, err := open(ctx, bytes.NewReader(data), int64(len(data)), &kernels[0])
	if err != nil {
		return nil, fmt.Errorf("model in memory: %w", err)
	}
	return m, nil
}

func open(ctx context.Context, f io.ReaderAt, size int64, k *kernel) (*Model, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h, err := gguf.ReadAll(f, size)
	if err != nil {
		return nil, err
	}
	s, err := shapeOf(h)
	if err != nil {
		return nil, err
	}
	m := &Model{shape: s, kernel: k}
	if m.tokenizer, err = bpe.New(h); err != nil {
		if errors.Is(err, bpe.ErrUnsupported) {
			err = fmt.Errorf("%w: %w", ErrUnsupported, err)
		}
		return nil, err
	}
	if n := len(m.tokenizer.Pieces()); n > maxVocabulary {
		return nil, unsupported("%d tokens, want %d at most", n, maxVocabulary)
	}
	m.tokens = newTokens(m.tokenizer.Pieces())
	m.id = lm.ModelID{Name: h.Text("general.name"), Class: Class}
	if m.id.SHA256, err = gguf.Hash(ctx, io.NewSectionReader(f, 0, size)); err != nil {
		return nil, err
	}
	if err := m.load(ctx, &reader{header: h, data: f}); err != nil {
		return nil, err
	}
	return m, nil
}

// shapeOf is the shape of a model that can be computed.
func shapeOf(h *gguf.Header) (s shape, err error) {
	if arch := h.Text("general.architecture"); arch != "llama" {
		return s, unsupported("architecture %.40q, want llama", arch)
	}
	read := func(key string, most int) int {
		n, ok := h.Uint("llama." + key)
		if err == nil && (!ok || n < 1 || n > uint64(most)) {
			err = unsupported("llama.%s is %s, want 1 to %d", key, valueOf(h, "llama."+key), most)
		}
		return int(n)
	}
	s.layers = read("block_count", maxLayers)
	s.width = read("embedding_length", maxColumns)
	s.heads = read("attention.head_count", maxColumns)
	s.kvHeads = s.heads
	if h.Get("llama.attention.head_count_kv") != nil {
		s.kvHeads = read("attention.head_count_kv", maxColumns)
	}
	s.inner = read("feed_forward_length", maxColumns)
	s.context = read("context_length", maxContext)
	if err != nil {
		return s, err
	}
	s.head = s.width / s.heads
	turned := uint64(s.head)
	if n, ok := h.Uint("llama.rope.dimension_count"); ok {
		turned = n
	}
	switch {
	case s.width%s.heads != 0 || s.heads%s.kvHeads != 0:
		return s, unsupported("%d heads, %d of keys, in a width of %d", s.heads, s.kvHeads, s.width)
	case s.head != 16 && s.head != 32 && s.head != maxHead || turned != uint64(s.head):
		return s, unsupported("heads of %d of which %d turn, want 16, 32 or %d that turn whole", s.head, turned, maxHead)
	case s.width%4 != 0 || s.inner%4 != 0:
		return s, unsupported("a width of %d and %d inside, want multiples of 4", s.width, s.inner)
	}
	for _, kv := range h.Metadata {
		key, ok := strings.CutPrefix(kv.Key, "llama.")
		if !ok {
			continue
		}
		switch key {
		case "block_count", "embedding_length", "attention.head_count", "attention.head_count_kv", "feed_forward_length",
			"context_length", "vocab_size", "rope.dimension_count", "rope.freq_base", "attention.layer_norm_rms_epsilon":
			continue
		case "attention.key_length", "attention.value_length":
			if n, ok := h.Uint(kv.Key); ok && n == uint64(s.head) {
				continue
			}
		default: // what changes nothing
			if v := fmt.Sprint(kv.Value); v == "none" || v == "0" || v == "1" {
				continue
			}
		}
		return s, unsupported("%.60s is %s", kv.Key, valueOf(h, kv.Key))
	}
	return s, nil
}

// valueOf is the value of a key, for messages.
func valueOf(h *gguf.Header, key string) string { return fmt.Sprintf("%.40s", fmt.Sprint(h.Get(key))) }

// float32Of gives the bits of a key that holds a positive float32.
func float32Of(h *gguf.Header, key string, missing float32) (uint32, error) {
	value := h.Get(key)
	if value == nil {
		return math.Float32bits(missing), nil
	}
	f, ok := value.(float32)
	if !ok || !(f > 0) || f > math.MaxFloat32 {
		return 0, unsupported("%s is %s, want a positive float32", key, valueOf(h, key))
	}
	return math.Float32bits(f), nil
}

// splitFloat32 gives a finite float32 as mantissa * 2^exponent.
func splitFloat32(b uint32) (mantissa int64, exponent int) {
	mantissa, exponent = int64(b&(1<<23-1)), int(b>>23&255)
	if exponent > 0 {
		mantissa |= 1 << 23
	} else {
		exponent = 1
	}
	if b>>31 != 0 {
		mantissa = -mantissa
	}
	return mantissa, exponent - 150
}

// fixedFloat32 is a finite float32 in units of 2^-fraction, rounded to the nearest, halves up,
// between -tensorMax and tensorMax.
func fixedFloat32(b uint32, fraction int) int64 {
	m, e := splitFloat32(b)
	switch e += fraction; {
	case m == 0 || e < -25:
		return 0
	case e < 0:
		return narrow(m, -e)
	case e > 22:
		if m < 0 {
			return -tensorMax
		}
		return tensorMax
	}
	return max(-tensorMax, min(tensorMax, m<<e))
}

// fixedHalf is a finite IEEE 754 half in units of 2^-24.
func fixedHalf(b uint16) int64 {
	m, e := int64(b&(1<<10-1)), b>>10&31
	if e > 0 {
		m = (m | 1<<10) << (e - 1)
	}
	if b>>15 != 0 {
		return -m
	}
	return m
}

// tensor is the numbers of a tensor, row by row, as the file has them.
type tensor struct {
	data          []byte
	kind          gguf.TensorType
	rows, columns int
	order         []int32 // nil: that of the file
}

// tensor reads a tensor of this shape.
func (r *reader) tensor(name string, rows, columns int) *tensor {
	if r.err != nil {
		return nil
	}
	t := r.find(name)
	if t == nil {
		r.err = unsupported("it has no tensor %q", name)
		return nil
	}
	r.used++
	got := append(append([]uint64{}, t.Shape...), 1)
	if len(t.Shape) > 2 || got[0] != uint64(columns) || got[1] != uint64(rows) {
		r.err = unsupported("tensor %q has shape %v, want %d rows of %d", name, t.Shape, rows, columns)
		return nil
	}
	switch t.Type {
	case gguf.F32, gguf.F16, gguf.Q8_0:
	default:
		r.err = unsupported("tensor %q has type %v, want Q8_0, F16 or F32", name, t.Type)
		return nil
	}
	data := make([]byte, t.Size)
	if n, err := r.data.ReadAt(data, r.header.DataOffset+int64(t.Offset)); n < len(data) {
		r.err = fmt.Errorf("tensor %q: %w", name, err)
		return nil
	}
	if !finite(data, t.Type) {
		r.err = unsupported("tensor %q has numbers that are not finite", name)
		return nil
	}
	return &tensor{data, t.Type, rows, columns, nil}
}

func (r *reader) find(name string) *gguf.Tensor {
	for i := range r.header.Tensors {
		if r.header.Tensors[i].Name == name {
			return &r.header.Tensors[i]
		}
	}
	return nil
}

// finite reports whether no number, or step of a block, is infinite or NaN.
func finite(data []byte, kind gguf.TensorType) bool {
	le := binary.LittleEndian
	switch kind {
	case gguf.F32:
		for ; len(data) >= 4; data = data[4:] {
			if le.Uint32(data)>>23&255 == 255 {
				return false
			}
		}
	case gguf.F16, gguf.Q8_0:
		_, size := kind.Layout()
		for ; len(data) >= int(size); data = data[size:] {
			if le.Uint16(data)>>10&31 == 31 {
				return false
			}
		}
	}
	return true
}

// row sets dst to row i in units of 2^-tensorFraction.
func (t *tensor) row(dst []int64, i int) {
	if t.order != nil {
		i = int(t.order[i])
	}
	le := binary.LittleEndian
	block, size := t.kind.Layout()
	n := t.columns / int(block) * int(size)
	data := t.data[i*n:][:n]
	switch t.kind {
	case gguf.F32:
		for j := range dst {
			dst[j] = fixedFloat32(le.Uint32(data[4*j:]), tensorFraction)
		}
	case gguf.F16:
		for j := range dst {
			dst[j] = fixedHalf(le.Uint16(data[2*j:]))
		}
	case gguf.Q8_0: // blocks of a half and 32 int8
		for ; len(data) >= int(size) && len(dst) >= int(block); data, dst = data[size:], dst[block:] {
			step, steps := fixedHalf(le.Uint16(data)), data[2:size]
			to := dst[:len(steps)]
			for j, q := range steps {
				to[j] = int64(int8(q)) * step
			}
		}
	}
}

// load reads the weights.
func (m *Model) load(ctx context.Context, r *reader) error {
	s := m.shape
	vocabulary := len(m.Pieces())
	embedding := r.tensor("token_embd.weight", vocabulary, s.width)
	m.embedding = embedding
	for i := range s.layers {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := func(name string, rows, columns int) *tensor {
			return r.tensor(fmt.Sprintf("blk.%d.%s.weight", i, name), rows, columns)
		}
		var l layer
		l.attentionNorm = r.norm(fmt.Sprintf("blk.%d.attn_norm.weight", i), s.width)
		q, k, v := part("attn_q", s.width, s.width), part("attn_k", s.kvHeads*s.head, s.width), part("attn_v", s.kvHeads*s.head, s.width)
		o := part("attn_output", s.width, s.width)
		l.innerNorm = r.norm(fmt.Sprintf("blk.%d.ffn_norm.weight", i), s.width)
		gate, up := part("ffn_gate", s.inner, s.width), part("ffn_up", s.inner, s.width)
		down := part("ffn_down", s.width, s.inner)
		if r.err != nil {
			return r.err
		}
		l.qkv = newMatrix(m.kernel, q, k, v)
		l.output = newMatrix(m.kernel, o)
		l.gateUp = newMatrix(m.kernel, gate, up)
		l.down = newMatrix(m.kernel, down)
		m.layers = append(m.layers, l)
	}
	m.outputNorm = r.norm("output_norm.weight", s.width)
	output := embedding
	if r.find("output.weight") != nil {
		output = r.tensor("output.weight", vocabulary, s.width)
	}
	if r.err != nil {
		return r.err
	}
	output.order, embedding.order = m.tokens.file, m.tokens.file
	m.logits = newMatrix(m.kernel, output)
	if r.used != len(r.header.Tensors) {
		return unsupported("it has %d tensors, %d of them unknown", len(r.header.Tensors), len(r.header.Tensors)-r.used)
	}
	epsilon, err := float32Of(r.header, "llama.attention.layer_norm_rms_epsilon", 1e-5)
	if err != nil {
		return err
	}
	m.epsilon = uint64(fixedFloat32(epsilon, 2*fraction-squareDrop))
	base, err := float32Of(r.header, "llama.rope.freq_base", 10000)
	if err != nil {
		return err
	}
	if math.Float32frombits(base) < 2 {
		return unsupported("llama.rope.freq_base is %v, want 2 or more", math.Float32frombits(base))
	}
	mantissa, exponent := splitFloat32(base)
	m.turns = turnTable(new(big.Float).SetMantExp(new(big.Float).SetInt64(mantissa), exponent), s.head, s.context)
	return nil
}

// norm reads the weights of a norm: 15 bits and a sign at most.
func (r *reader) norm(name string, width int) norm {
	t := r.tensor(name, 1, width)
	if r.err != nil {
		return norm{}
	}
	row := make([]int64, width)
	t.row(row, 0)
	most := int64(0)
	for _, v := range row {
		most = max(most, v, -v)
	}
	n := norm{weight: make([]int16, width), exponent: bits.Len64(uint64(most)) - normBits - tensorFraction}
	for i, v := range row {
		n.weight[i] = int16(narrow(v, n.exponent+tensorFraction))
	}
	return n
}
