//go:build llama && cgo

package llama

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lmz-go/lmz/internal/gguf"
)

// check refuses what is known to make libllama crash, abort the process or read out of bounds
// instead of refusing it. What only a certain architecture asserts is left to libllama: model files
// are chosen by the user, unlike archives.
func check(h *gguf.Header, r io.ReaderAt) error {
	if n, ok := h.Uint("split.count"); ok && n > 1 {
		return fmt.Errorf("%w: one of %d files of a split model; merge them first", ErrUnsupported, n)
	}
	arch := h.Text("general.architecture")
	if arch == "" {
		return fmt.Errorf("%w: no general.architecture", gguf.ErrCorrupt)
	}
	if strings.Trim(arch, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
		return fmt.Errorf("%w: general.architecture is %.60q", gguf.ErrCorrupt, arch)
	}
	if len(h.Tensors) == 0 {
		return fmt.Errorf("%w: no tensors", ErrUnsupported)
	}
	if err := checkVocabulary(h, r); err != nil {
		return err
	}
	if err := checkTensors(h); err != nil {
		return err
	}
	if err := checkExperts(h, arch); err != nil {
		return err
	}
	return checkShape(h, r, arch)
}

// shown is a value of the metadata as messages have it.
func shown(value any) any {
	if text, ok := value.(string); ok {
		return fmt.Sprintf("%.60q", text)
	}
	return value
}

// checkTensors refuses types that libllama loads, and then aborts on when it computes with them.
func checkTensors(h *gguf.Header) error {
	for _, t := range h.Tensors {
		flat := t.Elements() == t.Shape[0]
		if flat && t.Type != gguf.F32 || !flat && !slices.Contains(weightTypes, t.Type.String()) {
			return fmt.Errorf("%w: tensor %q of shape %v is of type %v", ErrUnsupported, t.Name, t.Shape, t.Type)
		}
	}
	return nil
}

// weightTypes are those that matrices may have, by name: floating point, and quantized for storage.
// Vectors are F32 in all models.
var weightTypes = []string{"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K",
	"IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ4_NL", "IQ4_XS", "TQ1_0", "TQ2_0", "MXFP4"}

// checkExperts checks what libllama asserts of mixtures of experts, and of layers that predict
// further tokens.
func checkExperts(h *gguf.Header, arch string) error {
	wrong := func(key string) error {
		return fmt.Errorf("%w: %s.%s is %v", gguf.ErrCorrupt, arch, key, shown(h.Get(arch+"."+key)))
	}
	number := func(key string, most uint64) (uint64, error) {
		if h.Get(arch+"."+key) == nil {
			return 0, nil
		}
		n, ok := h.Uint(arch + "." + key)
		if !ok || n > most {
			return 0, wrong(key)
		}
		return n, nil
	}
	experts, err := number("expert_count", 256)
	if err != nil {
		return err
	}
	used, err := number("expert_used_count", experts)
	if err != nil {
		return err
	}
	if experts > 0 && used == 0 {
		return wrong("expert_used_count")
	}
	layers, _ := h.Uint(arch + ".block_count")
	if _, err := number("nextn_predict_layers", max(layers, 1)-1); err != nil {
		return err
	}
	switch kind := h.Get(arch + ".rope.scaling.type"); kind {
	case nil, "none", "linear", "yarn", "longrope":
	default:
		return wrong("rope.scaling.type")
	}
	return nil
}

func checkVocabulary(h *gguf.Header, r io.ReaderAt) error {
	const prefix = "tokenizer.ggml."
	tokens, ok := h.Get(prefix + "tokens").(gguf.Array)
	if !ok || tokens.Type != gguf.String || tokens.Len == 0 || tokens.Len > 1<<24 {
		return fmt.Errorf("%w: no vocabulary in %stokens", ErrUnsupported, prefix)
	}
	for key, elem := range map[string]gguf.ValueType{"scores": gguf.Float32, "token_type": gguf.Int32, "merges": gguf.String} {
		v := h.Get(prefix + key)
		if v == nil {
			continue
		}
		a, ok := v.(gguf.Array)
		if !ok || a.Type != elem || key != "merges" && a.Len != tokens.Len {
			return fmt.Errorf("%w: %s%s is %v for %d tokens", gguf.ErrCorrupt, prefix, key, shown(v), tokens.Len)
		}
	}
	kind := h.Text(prefix + "model")
	if kind != "llama" && kind != "gpt2" {
		return fmt.Errorf("%w: tokenizer %.40q; llama and gpt2 are known to be safe", ErrUnsupported, kind)
	}
	return checkTokens(h, r, tokens, kind == "llama")
}

// checkTokens makes sure that no two tokens are spelled the same, and that SentencePiece has a
// token for each byte: without, libllama ends the process.
func checkTokens(h *gguf.Header, r io.ReaderAt, tokens gguf.Array, spm bool) error {
	seen := make(map[string]int, min(tokens.Len, 1<<18))
	i := 0
	for text, err := range h.Strings(r, tokens) {
		if err != nil {
			return err
		}
		text, _, _ = strings.Cut(text, "\x00") // libllama reads it as a C string
		if text == "" {
			text = fmt.Sprintf("[EMPTY_%d]", i) // as libllama names it
		}
		if first, ok := seen[text]; ok {
			return fmt.Errorf("%w: tokens %d and %d are both %.60q", gguf.ErrCorrupt, first, i, text)
		}
		seen[text] = i
		i++
	}
	for b := 0; spm && b < 256; b++ {
		_, named := seen[fmt.Sprintf("<0x%02X>", b)]
		_, plain := seen[string([]byte{byte(b)})]
		if !named && !plain {
			return fmt.Errorf("%w: no token for byte %02x", ErrUnsupported, b)
		}
	}
	return nil
}

// checkShape checks the hyperparameters that graph building divides by or asserts on. Of keys that
// hold one value per layer, each value is checked, and how they fit together is left to libllama.
func checkShape(h *gguf.Header, r io.ReaderAt, arch string) error {
	limits := []struct {
		key      string
		min, max uint64
	}{
		{"context_length", 1, 1 << 30},
		{"embedding_length", 1, 1 << 20},
		{"block_count", 1, 512}, // LLAMA_MAX_LAYERS
		{"feed_forward_length", 1, 1 << 24},
		{"attention.head_count", 1, 1 << 14},
		{"attention.head_count_kv", 1, 1 << 14},
		{"attention.key_length", 1, 1 << 14},
		{"attention.value_length", 1, 1 << 14},
		{"rope.dimension_count", 2, 1 << 14},
	}
	value := map[string]uint64{}
	for _, l := range limits {
		v := h.Get(arch + "." + l.key)
		if v == nil {
			continue
		}
		if a, perLayer := v.(gguf.Array); perLayer {
			if a.Len > 512 {
				return fmt.Errorf("%w: %s.%s is %v", gguf.ErrCorrupt, arch, l.key, shown(v))
			}
			for n, err := range h.Integers(r, a) {
				if err != nil {
					return err
				}
				if n < 0 || uint64(n) > l.max { // 0: a layer without
					return fmt.Errorf("%w: %s.%s has %d", gguf.ErrCorrupt, arch, l.key, n)
				}
			}
			continue
		}
		n, ok := h.Uint(arch + "." + l.key)
		if !ok || n < l.min || n > l.max {
			return fmt.Errorf("%w: %s.%s is %v", gguf.ErrCorrupt, arch, l.key, shown(v))
		}
		value[l.key] = n
	}
	for _, key := range []string{"attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"} {
		if eps, ok := h.Get(arch + "." + key).(float32); ok && !(eps >= 0 && eps < 1) {
			return fmt.Errorf("%w: %s.%s is %v", gguf.ErrCorrupt, arch, key, eps)
		}
	}
	embd, heads, kv, rope := value["embedding_length"], value["attention.head_count"], value["attention.head_count_kv"],
		value["rope.dimension_count"]
	head := value["attention.key_length"]
	if head == 0 && heads > 0 {
		if embd%heads != 0 {
			return fmt.Errorf("%w: %d heads do not divide an embedding of %d", gguf.ErrCorrupt, heads, embd)
		}
		head = embd / heads
	}
	if v := value["attention.value_length"]; v > 0 && v != head && h.Get(arch+".attention.kv_lora_rank") == nil {
		return fmt.Errorf("%w: keys of %d and values of %d", gguf.ErrCorrupt, head, v)
	}
	if kv > 0 && heads%kv != 0 {
		return fmt.Errorf("%w: %d KV heads do not divide %d heads", gguf.ErrCorrupt, kv, heads)
	}
	if rope%2 != 0 || head > 0 && rope > head {
		return fmt.Errorf("%w: rope.dimension_count is %d in heads of %d", gguf.ErrCorrupt, rope, head)
	}
	return nil
}
