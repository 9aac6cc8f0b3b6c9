package bpe

import (
	"fmt"
	"strings"

	"github.com/lmz-go/lmz/internal/gguf"
)

// Values of tokenizer.ggml.token_type (llama_token_type).
const (
	normalToken  = 1
	controlToken = 3
	unusedToken  = 5
)

const (
	prefix = "tokenizer.ggml."

	maxTokens = 1 << 24 // also of merges: far above any model's, libllama is asked for no more
)

// readTokens reads the pieces. A byte without a token of its own is an error: every text can be
// encoded.
func (t *Tokenizer) readTokens(h *gguf.Header) error {
	for key, want := range map[string]string{"model": "gpt2", "pre": "llama-bpe"} {
		if got := h.Text(prefix + key); got != want {
			return fmt.Errorf("%w: %s%s is %.40q, want %q", ErrUnsupported, prefix, key, got, want)
		}
	}
	texts, err := list[string](h, "tokens")
	if err != nil {
		return err
	}
	types, err := list[int32](h, "token_type")
	if err != nil {
		return err
	}
	if len(types) != len(texts) {
		return fmt.Errorf("%w: %d tokens have %d types", gguf.ErrCorrupt, len(texts), len(types))
	}
	t.pieces = make([][]byte, len(texts))
	t.tokens = make(map[string]int32, len(texts))
	seen := make(map[string]int, len(texts))
	for i, text := range texts {
		if first, ok := seen[text]; ok {
			return fmt.Errorf("%w: tokens %d and %d are both %.60q", gguf.ErrCorrupt, first, i, text)
		}
		seen[text] = i
		switch types[i] {
		case controlToken, unusedToken:
			continue
		case normalToken:
		default:
			return fmt.Errorf("%w: token %d, %.60q, is of type %d; %d, %d and %d are known", ErrUnsupported, i, text, types[i],
				normalToken, controlToken, unusedToken)
		}
		if t.pieces[i], err = bytesOf(text); err != nil {
			return fmt.Errorf("%w: token %d, %.60q: %w", gguf.ErrCorrupt, i, text, err)
		}
		t.tokens[string(t.pieces[i])] = int32(i)
	}
	for b := range t.single {
		token, ok := t.tokens[string([]byte{byte(b)})]
		if !ok {
			return fmt.Errorf("%w: no token for byte 0x%02x", ErrUnsupported, b)
		}
		t.single[b] = token
	}
	return nil
}

// readMerges reads the pairs, whose parts and results must be tokens.
func (t *Tokenizer) readMerges(h *gguf.Header) error {
	texts, err := list[string](h, "merges")
	if err != nil {
		return err
	}
	t.merges = make([]merge, len(texts))
	t.ranks = make(map[pair]uint32, len(texts))
	for rank, text := range texts {
		left, right, _ := strings.Cut(text, " ")
		m := &t.merges[rank]
		for _, part := range []struct {
			text  string
			token *int32
		}{{left, &m.left}, {right, &m.right}, {left + right, &m.token}} {
			piece, err := bytesOf(part.text)
			if err != nil {
				return fmt.Errorf("%w: merge %d, %.60q: %w", gguf.ErrCorrupt, rank, text, err)
			}
			token, ok := t.tokens[string(piece)]
			if !ok {
				return fmt.Errorf("%w: merge %d, %.60q: %.60q is no token", gguf.ErrCorrupt, rank, text, part.text)
			}
			*part.token = token
		}
		if first, ok := t.ranks[m.pair]; ok {
			return fmt.Errorf("%w: merges %d and %d are both %.60q", gguf.ErrCorrupt, first, rank, text)
		}
		t.ranks[m.pair] = uint32(rank)
	}
	return nil
}

func (t *Tokenizer) readBOS(h *gguf.Header) error {
	for _, key := range []string{"bos_token_id", "eos_token_id"} {
		if h.Get(prefix+key) == nil {
			continue
		}
		token, ok := h.Uint(prefix + key)
		if !ok || token >= uint64(len(t.pieces)) {
			return fmt.Errorf("%w: %s%s is %.60q of %d tokens", gguf.ErrCorrupt, prefix, key, fmt.Sprint(h.Get(prefix+key)),
				len(t.pieces))
		}
		t.bos = int32(token)
		return nil
	}
	types, _ := list[int32](h, "token_type")
	for i, kind := range types {
		if kind == controlToken {
			t.bos = int32(i)
			break
		}
	}
	return nil
}

// list is an array of the metadata that a file must have.
func list[T any](h *gguf.Header, key string) ([]T, error) {
	value := h.Get(prefix + key)
	if value == nil {
		return nil, fmt.Errorf("%w: no %s%s", ErrUnsupported, prefix, key)
	}
	elements, ok := value.([]T)
	if !ok {
		return nil, fmt.Errorf("%w: %s%s is %T, want %T", gguf.ErrCorrupt, prefix, key, value, elements)
	}
	if len(elements) > maxTokens {
		return nil, fmt.Errorf("%w: %s%s has %d elements, at most %d are read", ErrUnsupported, prefix, key, len(elements), maxTokens)
	}
	return elements, nil
}
