//go:build llama && cgo

package llama

import (
	"fmt"

	"github.com/lmz-go/lmz/llama/gguf"
)

// check refuses what is known to make libllama crash, abort the process or read out of bounds instead of refusing it.
// What only a certain architecture asserts is left to libllama: model files are chosen by the user, unlike archives.
func check(h *gguf.Header) error {
	if n, ok := h.Uint("split.count"); ok && n > 1 {
		return fmt.Errorf("%w: one of %d files of a split model; merge them first", ErrUnsupported, n)
	}
	arch := h.Text("general.architecture")
	if arch == "" {
		return fmt.Errorf("%w: no general.architecture", gguf.ErrCorrupt)
	}
	if len(h.Tensors) == 0 {
		return fmt.Errorf("%w: no tensors", ErrUnsupported)
	}
	if err := checkVocabulary(h); err != nil {
		return err
	}
	return checkShape(h, arch)
}

func checkVocabulary(h *gguf.Header) error {
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
			return fmt.Errorf("%w: %s%s is %v for %d tokens", gguf.ErrCorrupt, prefix, key, v, tokens.Len)
		}
	}
	return nil
}

// checkShape checks the hyperparameters that graph building divides by or asserts on. Keys that hold one value per layer
// are left to libllama.
func checkShape(h *gguf.Header, arch string) error {
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
		if _, perLayer := v.(gguf.Array); v == nil || perLayer {
			continue
		}
		n, ok := h.Uint(arch + "." + l.key)
		if !ok || n < l.min || n > l.max {
			return fmt.Errorf("%w: %s.%s is %v", gguf.ErrCorrupt, arch, l.key, v)
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
