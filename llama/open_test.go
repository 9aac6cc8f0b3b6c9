//go:build llama && cgo

package llama

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
	"github.com/lmz-go/lmz/lm"
)

var small = gguftest.Spec{Arch: "llama", Type: gguf.Q8_0}

func TestOpenFileAndBytesAgree(t *testing.T) {
	data := gguftest.New(small).Bytes()
	path := filepath.Join(t.TempDir(), "m.gguf")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	fromFile, err := Open(context.Background(), path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer fromFile.Close()
	fromBytes := openSpec(t, small)
	if fromFile.ID() != fromBytes.ID() || fromFile.ID().SHA256 != sha256.Sum256(data) {
		t.Errorf("IDs are %v and %v", fromFile.ID(), fromBytes.ID())
	}
	if fromFile.ID().Name != "random llama Q8_0" || fromFile.ContextLength() != 1024 {
		t.Errorf("name is %q, context length %d", fromFile.ID().Name, fromFile.ContextLength())
	}
	tokens := tokensOf(fromFile, 0, 40)
	wantRows(t, "model in memory", mustRows(t, fromBytes, exactParams(1, 64), tokens, 8),
		mustRows(t, fromFile, exactParams(1, 64), tokens, 8))
}

// TestOpenRefuses opens models that libllama refuses, and such as make it crash.
func TestOpenRefuses(t *testing.T) {
	good := gguftest.New(small).Bytes()
	set := func(key string, value any) []byte {
		f := gguftest.New(small)
		f.Set(key, value)
		return f.Bytes()
	}
	reshape := func(name string, shape ...uint64) []byte {
		f := gguftest.New(small)
		for i := range f.Tensors {
			if f.Tensors[i].Name == name {
				f.Tensors[i].Shape = shape
			}
		}
		return f.Bytes()
	}
	retype := func(name string, kind gguf.TensorType) []byte {
		f := gguftest.New(small)
		for i := range f.Tensors {
			if t := &f.Tensors[i]; t.Name == name {
				t.Type, t.Data = kind, make([]byte, 8*t.Shape[0]*t.Shape[len(t.Shape)-1])
			}
		}
		return f.Bytes()
	}
	names := gguftest.New(small)
	tokens := names.Metadata[keyIndex(names, "tokenizer.ggml.tokens")].Value.([]string)
	edited := func(i int, text string) []string {
		list := slices.Clone(tokens)
		list[i] = text
		return list
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":                  {nil, gguf.ErrNotGGUF},
		"text":                   {[]byte("once upon a time, there was no model"), gguf.ErrNotGGUF},
		"version 1":              {append([]byte("GGUF\x01\x00\x00\x00"), good[8:]...), gguf.ErrNotGGUF},
		"big-endian":             {append([]byte("GGUF\x00\x00\x00\x03"), good[8:]...), gguf.ErrNotGGUF},
		"half a header":          {good[:500], gguf.ErrTruncated},
		"half the tensors":       {good[:len(good)/2], gguf.ErrTruncated},
		"one byte short":         {good[:len(good)-33], gguf.ErrTruncated},
		"tensor of 2^62":         {reshape("output.weight", 1<<31, 1<<31), gguf.ErrTruncated},
		"tensor that overflows":  {reshape("output.weight", 1<<32, 1<<32), gguf.ErrCorrupt},
		"tensor without columns": {reshape("output.weight", 0, 512), gguf.ErrCorrupt},
		"rows of half blocks":    {reshape("output.weight", 48, 512), gguf.ErrCorrupt},
		"other shape":            {reshape("output.weight", 512, 128), ErrLoad},
		"unknown architecture":   {set("general.architecture", "abacus"), ErrLoad},
		"no architecture":        {set("general.architecture", nil), gguf.ErrCorrupt},
		"split":                  {set("split.count", uint32(2)), ErrUnsupported},
		"no vocabulary":          {set("tokenizer.ggml.tokens", nil), ErrUnsupported},
		"vocabulary of numbers":  {set("tokenizer.ggml.tokens", []int32{1, 2}), ErrUnsupported},
		"few token types":        {set("tokenizer.ggml.token_type", []int32{1, 1}), gguf.ErrCorrupt},
		"text token types":       {set("tokenizer.ggml.token_type", "normal"), gguf.ErrCorrupt},
		"few scores":             {set("tokenizer.ggml.scores", []float32{1}), gguf.ErrCorrupt},
		"merges of numbers":      {set("tokenizer.ggml.merges", []int32{1}), gguf.ErrCorrupt},
		"no heads":               {set("llama.attention.head_count", uint32(0)), gguf.ErrCorrupt},
		"3 heads":                {set("llama.attention.head_count", uint32(3)), gguf.ErrCorrupt},
		"3 KV heads":             {set("llama.attention.head_count_kv", uint32(3)), gguf.ErrCorrupt},
		"no layers":              {set("llama.block_count", uint32(0)), gguf.ErrCorrupt},
		"many layers":            {set("llama.block_count", uint32(1)<<31), gguf.ErrCorrupt},
		"no context":             {set("llama.context_length", uint32(0)), gguf.ErrCorrupt},
		"negative epsilon":       {set("llama.attention.layer_norm_rms_epsilon", float32(-1)), gguf.ErrCorrupt},
		"values of other size":   {set("llama.attention.value_length", uint32(64)), gguf.ErrCorrupt},
		"odd rope":               {set("llama.rope.dimension_count", uint32(31)), gguf.ErrCorrupt},
		"wide rope":              {set("llama.rope.dimension_count", uint32(64)), gguf.ErrCorrupt},
		"tokens twice":           {set("tokenizer.ggml.tokens", edited(3, tokens[4])), gguf.ErrCorrupt},
		"other tokenizer":        {set("tokenizer.ggml.model", "t5"), ErrUnsupported},
		"SPM without bytes":      {set("tokenizer.ggml.model", "llama"), ErrUnsupported},
		"experts, none used":     {set("llama.expert_count", uint32(4)), gguf.ErrCorrupt},
		"more used than there":   {set("llama.expert_used_count", uint32(4)), gguf.ErrCorrupt},
		"many experts":           {set("llama.expert_count", uint32(1)<<31), gguf.ErrCorrupt},
		"further predictions":    {set("llama.nextn_predict_layers", uint32(3)), gguf.ErrCorrupt},
		"rope scaling":           {set("llama.rope.scaling.type", "x"), gguf.ErrCorrupt},
		"heads of layers":        {set("llama.attention.head_count", []int32{-1, 1 << 30}), gguf.ErrCorrupt},
		"vector of integers":     {retype("output_norm.weight", 26), ErrUnsupported},
		"matrix of bytes":        {retype("output.weight", 24), ErrUnsupported},
		"alignment of 3":         {set("general.alignment", uint32(3)), gguf.ErrCorrupt},
		"embedding of text":      {set("llama.embedding_length", "wide"), gguf.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := OpenBytes(context.Background(), c.data, "")
			if err == nil {
				m.Close()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
		})
	}
	if _, err := Open(context.Background(), t.TempDir(), ""); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := Open(context.Background(), filepath.Join(t.TempDir(), "none"), ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error for a missing file is %v", err)
	}
}

func TestClassErrors(t *testing.T) {
	openSpec(t, small)
	bound, err := LoadBackend("")
	if err != nil {
		t.Fatal(err)
	}
	for _, class := range []string{"", bound.Class} {
		if b, err := LoadBackend(class); err != nil || b != bound {
			t.Errorf("LoadBackend(%q) = %v, %v", class, b, err)
		}
	}
	for _, class := range []string{"x64", "abacus"} {
		var e *ClassError
		if _, err := OpenBytes(context.Background(), gguftest.New(small).Bytes(), class); !errors.As(err, &e) || e.Class != class ||
			e.Loaded != bound.Class {
			t.Errorf("class %q: error is %v", class, err)
		}
	}
	if Version() == "" {
		t.Error("no version of libllama")
	}
}

func TestTokenizeAndPieces(t *testing.T) {
	text := []byte("the stone in Ünïcode \x00 2024-11-24T02:03:29 \t\n <|end|> </s> ▁ 日本")
	for _, spec := range []gguftest.Spec{small, {Arch: "qwen2", Type: gguf.Q8_0}, {Arch: "gemma", Type: gguf.Q4_0}} {
		m := openSpec(t, spec)
		tokens, err := m.Tokenize(text)
		if err != nil {
			t.Fatal(err)
		}
		var back []byte
		for _, token := range tokens {
			if len(m.Pieces()[token]) == 0 {
				t.Errorf("%s: control token %d in text", spec.Arch, token)
			}
			back = append(back, m.Pieces()[token]...)
		}
		if spec.Arch == "gemma" { // SPM puts a space first and spells ▁ as a space
			back, text = bytes.TrimPrefix(back, []byte(" ")), bytes.ReplaceAll(text, []byte("▁"), []byte(" "))
		}
		if !bytes.Equal(back, text) {
			t.Errorf("%s: %q came back as %q", spec.Arch, text, back)
		}
		if len(tokens) >= len(text) {
			t.Errorf("%s: %d tokens for %d bytes: nothing was merged", spec.Arch, len(tokens), len(text))
		}
		if len(m.Pieces()[m.BOS()]) != 0 {
			t.Errorf("%s: BOS is %d, %q", spec.Arch, m.BOS(), m.Pieces()[m.BOS()])
		}
		if none, err := m.Tokenize(nil); err != nil || len(none) != 0 {
			t.Errorf("%s: no text gives %v, %v", spec.Arch, none, err)
		}
		bytesSeen := map[byte]bool{}
		for _, p := range m.Pieces() {
			if len(p) == 1 {
				bytesSeen[p[0]] = true
			}
		}
		if len(bytesSeen) != 256 {
			t.Errorf("%s: pieces for %d of 256 bytes", spec.Arch, len(bytesSeen))
		}
	}
}

func TestQuantize(t *testing.T) {
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "f32.gguf"), filepath.Join(dir, "q.gguf")
	if err := os.WriteFile(src, gguftest.New(gguftest.Spec{Arch: "llama", Type: gguf.F32}).Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for ftype, want := range map[string]gguf.TensorType{"Q4_0": gguf.Q4_0, "Q8_0": gguf.Q8_0} {
		quantizeAs(t, src, filepath.Join(dir, ftype), ftype, want)
	}
	if err := Quantize(dst, src, "Q99"); err == nil {
		t.Error("an unknown type was accepted")
	}
	if err := Quantize(dst, filepath.Join(dir, "none"), "Q8_0"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error for a missing file is %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// quantizeAs compares libllama's quantized matrices with those that package gguftest writes.
func quantizeAs(t *testing.T, src, dst, ftype string, want gguf.TensorType) {
	t.Helper()
	if err := Quantize(dst, src, ftype); err != nil {
		t.Fatal(err)
	}
	h, err := gguf.ReadFile(dst)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(dst)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]gguftest.Tensor{}
	for _, tensor := range gguftest.New(gguftest.Spec{Arch: "llama", Type: want}).Tensors {
		byName[tensor.Name] = tensor
	}
	same := 0
	for _, tensor := range h.Tensors {
		if len(tensor.Shape) == 2 && tensor.Type == want {
			at := h.DataOffset + int64(tensor.Offset)
			if !bytes.Equal(data[at:at+int64(tensor.Size)], byName[tensor.Name].Data) {
				t.Errorf("%s: %s is not what gguftest writes", ftype, tensor.Name)
			}
			same++
		}
	}
	if same < 14 { // output.weight stays finer in Q4_0
		t.Errorf("%s: %d matrices of type %v", ftype, same, want)
	}
	m, err := Open(context.Background(), dst, "")
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
}

// No text can be coded with tokens that all are control tokens, whichever of them BOS is.
func TestControlTokensOnly(t *testing.T) {
	for _, spec := range []gguftest.Spec{small, {Arch: "gemma", Type: gguf.Q4_0}} {
		f := gguftest.New(spec)
		types := make([]int32, len(openSpec(t, spec).Pieces()))
		for i := range types {
			types[i] = 3
		}
		f.Set("tokenizer.ggml.token_type", types)
		m, err := OpenBytes(t.Context(), f.Bytes(), "")
		if err == nil {
			m.Close()
		}
		if !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrLoad) {
			t.Errorf("%s: %v", spec.Arch, err)
		}
		t.Log(err)
	}
}

// BOS is a token of the vocabulary whatever the file says.
func TestOddBOS(t *testing.T) {
	for name, set := range map[string]func(*gguftest.File){
		"out of range": func(f *gguftest.File) { f.Set("tokenizer.ggml.bos_token_id", uint32(1<<30)) },
		"both": func(f *gguftest.File) {
			f.Set("tokenizer.ggml.bos_token_id", ^uint32(0))
			f.Set("tokenizer.ggml.eos_token_id", ^uint32(0))
		},
		"an ordinary": func(f *gguftest.File) { f.Set("tokenizer.ggml.bos_token_id", uint32(5)) },
		"a text":      func(f *gguftest.File) { f.Set("tokenizer.ggml.bos_token_id", "5") },
		"negative":    func(f *gguftest.File) { f.Set("tokenizer.ggml.bos_token_id", int32(-1)) },
	} {
		f := gguftest.New(small)
		set(f)
		m, err := OpenBytes(t.Context(), f.Bytes(), "")
		if err != nil {
			t.Logf("%s: %v", name, err) // refused is as good
			continue
		}
		if bos := m.BOS(); bos < 0 || int(bos) >= len(m.Pieces()) {
			t.Errorf("%s: BOS is %d of %d", name, bos, len(m.Pieces()))
		}
		s := openSession(t, m, exactParams(1, 8))
		mustDecode(t, s, []lm.Feed{{Tokens: []int32{m.BOS()}}})
		m.Close()
	}
}

// endingContext ends after its error was asked for so many times.
type endingContext struct {
	context.Context
	left int
}

func (c *endingContext) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestContextWhileOpening(t *testing.T) {
	data := gguftest.New(small).Bytes()
	path := filepath.Join(t.TempDir(), "m.gguf")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	before := live.Load()
	for left := range 4 { // at once, while it is hashed, before it is loaded
		if m, err := Open(&endingContext{context.Background(), left}, path, ""); !errors.Is(err, context.Canceled) {
			if left < 3 {
				t.Errorf("ends at look %d: %v", left, err)
			} else {
				m.Close()
			}
		}
	}
	// While libllama loads: it looks at a flag, which the end of the context raises.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if c := load(ctx, f); c != nil {
		t.Error("a model was loaded under a context that has ended")
	}
	// While another model is loaded.
	if err := loading.Acquire(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := OpenBytes(ctx, data, ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another model is loaded: %v", err)
	}
	loading.Release(1)
	if n := live.Load(); n != before {
		t.Errorf("%d C objects are left", n-before)
	}
}
