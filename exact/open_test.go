package exact

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/internal/bpe"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
	"github.com/lmz-go/lmz/lm"
)

// tensor is a tensor of the file that a test changes.
func tensorOf(f *gguftest.File, name string) *gguftest.Tensor {
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return &f.Tensors[i]
		}
	}
	panic(name)
}

// Files that are not computed say why.
func TestUnsupported(t *testing.T) {
	set := func(key string, value any) func(*gguftest.File) {
		return func(f *gguftest.File) { f.Set(key, value) }
	}
	shaped := func(k gguftest.Llama) func(*gguftest.File) { return func(f *gguftest.File) { *f = *k.File() } }
	// number sets the last block, or the one in the middle.
	number := func(name string, last bool, kind gguf.TensorType, data ...byte) func(*gguftest.File) {
		return func(f *gguftest.File) {
			t := tensorOf(f, name)
			elements, size := kind.Layout()
			n := uint64(1)
			for _, d := range t.Shape {
				n *= d
			}
			t.Type, t.Data = kind, make([]byte, n/elements*size)
			at := len(t.Data) - int(size)
			if !last {
				at = len(t.Data) / 2 / int(size) * int(size)
			}
			copy(t.Data[at:], data)
		}
	}
	long := strings.Repeat("very ", 1000)
	for _, c := range []struct {
		message string
		change  func(*gguftest.File)
	}{
		{`architecture "qwen2", want llama`, set("general.architecture", "qwen2")},
		{`architecture "", want llama`, set("general.architecture", nil)},
		{`architecture "very very very very very very very very ", want llama`, set("general.architecture", long)},
		{"llama.block_count is <nil>, want 1 to 256", set("llama.block_count", nil)},
		{"llama.block_count is 0, want 1 to 256", set("llama.block_count", uint32(0))},
		{"llama.block_count is 257, want 1 to 256", set("llama.block_count", uint32(257))},
		{"llama.block_count is -1, want 1 to 256", set("llama.block_count", int32(-1))},
		{"llama.block_count is 2.5, want 1 to 256", set("llama.block_count", float32(2.5))},
		{"llama.embedding_length is 1044, want 1 to 1040", set("llama.embedding_length", uint32(1044))},
		{"llama.embedding_length is 18446744073709551615, want 1 to 1040", set("llama.embedding_length", uint64(math.MaxUint64))},
		{"llama.feed_forward_length is [96 96], want 1 to 1040", set("llama.feed_forward_length", []int32{96, 96})},
		{"llama.feed_forward_length is 4096, want 1 to 1040", set("llama.feed_forward_length", uint32(4096))},
		{"llama.attention.head_count is 0, want 1 to 1040", set("llama.attention.head_count", uint32(0))},
		{"llama.attention.head_count_kv is " + ("[" + strings.Repeat("2 ", 40))[:40] + ", want 1 to 1040",
			set("llama.attention.head_count_kv", repeated(2, 1000))},
		{"llama.context_length is 1025, want 1 to 1024", set("llama.context_length", uint32(1025))},
		{"3 heads, 2 of keys, in a width of 64", set("llama.attention.head_count", uint32(3))},
		{"4 heads, 3 of keys, in a width of 64", set("llama.attention.head_count_kv", uint32(3))},
		{"heads of 16 of which 8 turn, want 16, 32 or 64 that turn whole", set("llama.rope.dimension_count", uint32(8))},
		{"heads of 8 of which 8 turn, want 16, 32 or 64 that turn whole", shaped(gguftest.Llama{Layers: 1, Width: 64, Heads: 8, KVHeads: 1, Inner: 8, Context: 8})},
		{"heads of 48 of which 48 turn, want 16, 32 or 64 that turn whole", shaped(gguftest.Llama{Layers: 1, Width: 96, Heads: 2, KVHeads: 1, Inner: 8, Context: 8})},
		{"heads of 128 of which 128 turn, want 16, 32 or 64 that turn whole", shaped(gguftest.Llama{Layers: 1, Width: 128, Heads: 1, KVHeads: 1, Inner: 8, Context: 8})},
		{"a width of 64 and 98 inside, want multiples of 4", set("llama.feed_forward_length", uint32(98))},
		{"llama.rope.scaling.type is linear", set("llama.rope.scaling.type", "linear")},
		{"llama.rope.scaling.factor is 4", set("llama.rope.scaling.factor", float32(4))},
		{"llama.expert_count is 16", set("llama.expert_count", uint32(16))},
		{"llama.attention.sliding_window is 16", set("llama.attention.sliding_window", uint32(16))},
		{"llama.attention.key_length is 1", set("llama.attention.key_length", uint32(1))},
		{"llama.attention.causal is false", set("llama.attention.causal", false)},
		{"llama.something.new is " + long[:40], set("llama.something.new", long)},
		{"llama.attention.layer_norm_rms_epsilon is -1, want a positive float32", set("llama.attention.layer_norm_rms_epsilon", float32(-1))},
		{"llama.attention.layer_norm_rms_epsilon is NaN, want a positive float32",
			set("llama.attention.layer_norm_rms_epsilon", float32(math.NaN()))},
		{"llama.attention.layer_norm_rms_epsilon is 1, want a positive float32", set("llama.attention.layer_norm_rms_epsilon", uint32(1))},
		{"llama.rope.freq_base is +Inf, want a positive float32", set("llama.rope.freq_base", float32(math.Inf(1)))},
		{"llama.rope.freq_base is 1.5, want 2 or more", set("llama.rope.freq_base", float32(1.5))},
		{`it has no tensor "blk.1.attn_k.weight"`, func(f *gguftest.File) { tensorOf(f, "blk.1.attn_k.weight").Name = "other" }},
		{`it has no tensor "blk.2.attn_norm.weight"`, set("llama.block_count", uint32(3))},
		{"it has 21 tensors, 9 of them unknown", set("llama.block_count", uint32(1))},
		{"it has 22 tensors, 1 of them unknown", func(f *gguftest.File) {
			f.Tensors = append(f.Tensors, gguftest.Tensor{Name: "blk.0.attn_q.bias", Shape: []uint64{64}, Data: make([]byte, 256)})
		}},
		{`tensor "blk.0.attn_q.weight" has shape [32 128], want 64 rows of 64`,
			func(f *gguftest.File) { tensorOf(f, "blk.0.attn_q.weight").Shape = []uint64{32, 128} }},
		{`tensor "blk.0.attn_norm.weight" has shape [64 1 1], want 1 rows of 64`,
			func(f *gguftest.File) { tensorOf(f, "blk.0.attn_norm.weight").Shape = []uint64{64, 1, 1} }},
		{`tensor "blk.0.attn_norm.weight" has shape [32 2], want 1 rows of 64`,
			func(f *gguftest.File) { tensorOf(f, "blk.0.attn_norm.weight").Shape = []uint64{32, 2} }},
		{`tensor "output.weight" has type Q4_0, want Q8_0, F16 or F32`, number("output.weight", false, gguf.Q4_0)},
		{`tensor "blk.0.ffn_up.weight" has numbers that are not finite`, number("blk.0.ffn_up.weight", false, gguf.F32, 0, 0, 0x80, 0x7f)},
		{`tensor "blk.0.ffn_up.weight" has numbers that are not finite`, number("blk.0.ffn_up.weight", true, gguf.F32, 1, 0, 0xc0, 0xff)},
		{`tensor "blk.0.ffn_up.weight" has numbers that are not finite`, number("blk.0.ffn_up.weight", true, gguf.F16, 0, 0xfc)},
		{`tensor "blk.0.ffn_up.weight" has numbers that are not finite`, number("blk.0.ffn_up.weight", true, gguf.Q8_0, 1, 0x7e)},
		{`tokenizer is not supported: tokenizer.ggml.pre is "qwen2", want "llama-bpe"`, set("tokenizer.ggml.pre", "qwen2")},
		{"262145 tokens, want 262144 at most", vocabularyOf(maxVocabulary + 1)},
		{`tensor "token_embd.weight" has shape [64 512], want 262144 rows of 64`, vocabularyOf(maxVocabulary)},
		{`tensor "token_embd.weight" has shape [64 512], want 511 rows of 64`, vocabularyOf(511)},
	} {
		f := plain.File()
		c.change(f)
		m, err := OpenBytes(context.Background(), f.Bytes())
		want := "model in memory: the exact engine does not support this model: " + c.message
		if m != nil || !errors.Is(err, ErrUnsupported) || err.Error() != want {
			t.Errorf("error is %v\nwant %s", err, want)
		}
	}
}

// vocabularyOf gives a file n tokens: all bytes, and texts of three.
func vocabularyOf(n int) func(*gguftest.File) {
	return func(f *gguftest.File) {
		tokens, types := make([]string, n), make([]int32, n)
		for i := range tokens {
			piece := []byte{byte(i)}
			if i > 255 {
				piece = []byte{byte(i >> 16), byte(i >> 8), byte(i)}
			}
			tokens[i], types[i] = bpe.Spell(piece), 1
		}
		f.Set("tokenizer.ggml.tokens", tokens)
		f.Set("tokenizer.ggml.token_type", types)
		f.Set("tokenizer.ggml.merges", []string{})
		f.Set("tokenizer.ggml.bos_token_id", nil)
		f.Set("tokenizer.ggml.eos_token_id", nil)
	}
}

func repeated(v int32, n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// Keys that change nothing, and those of others, are accepted.
func TestHarmlessKeys(t *testing.T) {
	f := plain.File()
	for key, value := range map[string]any{
		"llama.rope.scaling.type": "none", "llama.rope.scaling.factor": float32(1), "llama.expert_count": uint32(0),
		"llama.vocab_size": uint32(512), "general.author": "nobody", "llama.attention.head_count_kv": nil,
		"llama.rope.dimension_count": nil, "llama.rope.freq_base": nil, "llama.attention.layer_norm_rms_epsilon": nil,
	} {
		f.Set(key, value)
	}
	if _, err := OpenBytes(context.Background(), f.Bytes()); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "attn_k") {
		t.Errorf("without a number of heads of keys, all have some: error is %v", err)
	}
	f.Set("llama.attention.head_count_kv", uint32(2))
	m := mustOpen(t, f.Bytes())
	if want := mustOpen(t, plain.File().Bytes()); m.epsilon != want.epsilon || !slices.Equal(m.turns, want.turns) {
		t.Errorf("other values stand for missing keys: %d, want %d", m.epsilon, want.epsilon)
	}
	f.Set("llama.rope.freq_base", float32(2))
	mustOpen(t, f.Bytes())
}

// A file that is damaged, or ends, is an error of the file or of reading it.
func TestOpenDamaged(t *testing.T) {
	data := plain.File().Bytes()
	if _, err := OpenBytes(context.Background(), data[:len(data)-100]); !errors.Is(err, gguf.ErrTruncated) {
		t.Errorf("error is %v", err)
	}
	if _, err := OpenBytes(context.Background(), data[4:]); !errors.Is(err, gguf.ErrNotGGUF) {
		t.Errorf("error is %v", err)
	}
	// Reading ends wherever it may: what is behind it was there when the file was opened.
	whole := int64(len(data))
	for _, left := range []int64{0, 100, whole / 2, whole - 1} {
		if _, err := open(context.Background(), bytes.NewReader(data[:left]), whole, &kernels[0]); err == nil {
			t.Errorf("%d of %d bytes are a model", left, whole)
		}
	}
	broken := errors.New("disk on fire")
	for n := 1; n < 6; n++ {
		if _, err := open(context.Background(), &failing{bytes.NewReader(data), n, broken}, whole, &kernels[0]); !errors.Is(err, broken) {
			t.Errorf("error is %v", err)
		}
	}
}

type failing struct {
	io.ReaderAt
	left int
	err  error
}

func (f *failing) ReadAt(b []byte, at int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(b, at)
}

// use decodes a few tokens of what could be opened, with every kernel the same.
func use(t *testing.T, data []byte) {
	var want []int32
	for i := range kernels {
		m, err := open(context.Background(), bytes.NewReader(data), int64(len(data)), &kernels[i])
		if err != nil {
			if i > 0 {
				t.Fatal(err)
			}
			return
		}
		text, _ := m.Tokenize([]byte("text 1, \xff"))
		tokens := append([]int32{m.BOS(), 0, int32(len(m.Pieces()) - 1)}, text...)
		n := min(len(tokens), m.ContextLength())
		s := mustSession(t, m, 1, n)
		mustDecode(t, s, lm.Feed{Tokens: tokens[:n]})
		if i == 0 {
			want = append(want, s.Logits(0).Fixed...)
		}
		for j, v := range s.Logits(0).Fixed {
			if v != want[j] || max(v, -v) > 1<<30 {
				t.Fatalf("%s: logit %d is %d, with the first kernel %d", kernels[i].name, j, v, want[j])
			}
		}
		s.Close()
	}
}

// mutated is the data with some of it changed: single bytes, numbers of extreme size, pieces from
// elsewhere, its end.
func mutated(r *rand.Rand, data []byte, header int) []byte {
	data = bytes.Clone(data)
	for range 1 + r.IntN(4) {
		at := r.IntN(len(data))
		if r.IntN(3) > 0 {
			at = r.IntN(header) // where most bytes mean more
		}
		switch r.IntN(5) {
		case 0:
			data[at] ^= 1 << r.IntN(8)
		case 1:
			data[at] = byte(r.Uint32())
		case 2:
			copy(data[at:], [][]byte{{0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0}, {0xff, 0xff, 0x7f, 0x7f}, {0xff, 0x7b, 0x80, 0x80}}[r.IntN(4)])
		case 3:
			n := r.IntN(64)
			from := r.IntN(len(data))
			copy(data[at:min(len(data), at+n)], data[from:])
		case 4:
			if r.IntN(8) == 0 {
				data = data[:at+1]
				header = min(header, len(data))
			}
		}
	}
	return data
}

// tiny is a file of few bytes beside its vocabulary.
var tiny = gguftest.Llama{Layers: 1, Width: 32, Heads: 2, KVHeads: 1, Inner: 32, Context: 24, Kind: gguf.Q8_0}

// headerOf is the size of all before the tensors.
func headerOf(data []byte) int {
	h, err := gguf.Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		panic(err)
	}
	return int(h.DataOffset)
}

// Whatever of a small file is changed: it opens and computes, or is an error, and takes memory in
// proportion to its size.
func TestMutated(t *testing.T) {
	data := tiny.File().Bytes()
	header := headerOf(data)
	opened := 0
	r := rand.New(rand.NewPCG(11, 11))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const tries = 300
	for range tries {
		changed := mutated(r, data, header)
		if _, err := OpenBytes(context.Background(), changed); err == nil {
			opened++
			use(t, changed)
		}
	}
	runtime.ReadMemStats(&after)
	t.Logf("%d of %d could be opened", opened, tries)
	if opened < tries/10 {
		t.Errorf("%d of %d could be opened", opened, tries)
	}
	if each := (after.TotalAlloc - before.TotalAlloc) / tries; each > 64*uint64(len(data)) {
		t.Errorf("%d bytes were allocated for each, of a file of %d", each, len(data))
	}
}

// FuzzOpen: seed and what to change of a small file, then bytes as they are.
func FuzzOpen(f *testing.F) {
	f.Add(tiny.File().Bytes(), uint64(0))
	k := tiny
	k.Tied, k.Kind = true, gguf.F16
	f.Add(k.File().Bytes(), uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		if len(data) > 1<<20 {
			return
		}
		use(t, data)
		if seed != 0 && len(data) > 0 {
			use(t, mutated(rand.New(rand.NewPCG(seed, 0)), data, len(data)))
		}
	})
}
