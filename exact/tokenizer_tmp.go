package exact

import "github.com/lmz-go/lmz/internal/gguf"

type tokenizer struct {
	pieces [][]byte
	bos    int32
}

func (t *tokenizer) Pieces() [][]byte { return t.pieces }
func (t *tokenizer) BOS() int32       { return t.bos }
func (t *tokenizer) Encode(dst []int32, text []byte) []int32 {
	for len(text) > 0 {
		best, n := -1, 0
		for i, p := range t.pieces {
			if len(p) > n && len(p) <= len(text) && string(text[:len(p)]) == string(p) {
				best, n = i, len(p)
			}
		}
		dst = append(dst, int32(best))
		text = text[n:]
	}
	return dst
}
func newTokenizer(h *gguf.Header) (*tokenizer, error) {
	back := map[rune]byte{}
	n := rune(256)
	for b := 0; b < 256; b++ {
		if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
			back[rune(b)] = byte(b)
		} else {
			back[n] = byte(b)
			n++
		}
	}
	t := &tokenizer{bos: 4095}
	for i, s := range h.Get("tokenizer.ggml.tokens").([]string) {
		var p []byte
		if i != 4095 {
			for _, r := range s {
				p = append(p, back[r])
			}
		}
		t.pieces = append(t.pieces, p)
	}
	return t, nil
}
