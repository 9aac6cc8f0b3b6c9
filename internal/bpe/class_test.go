package bpe_test

import (
	"hash/fnv"
	"testing"
	"unicode"

	"github.com/lmz-go/lmz/internal/bpe"
)

// TestClasses: the classes of all characters stay what they are, and are those of Unicode: what it
// has as a letter remains one.
func TestClasses(t *testing.T) {
	h := fnv.New64a()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		class := bpe.Class(r)
		h.Write([]byte{class})
		since := r >= 0x2ebf0 && r <= 0x2ee5d // letters since Unicode 15.1
		if category(r) == class || since && unicode.Version < "15.1" || class == 'O' && unicode.Version > "15.1" {
			continue
		}
		t.Errorf("%U is of class %c, Unicode %s has %c", r, class, unicode.Version, category(r))
	}
	if got, want := h.Sum64(), uint64(0x8c8f70babf8d095); got != want {
		t.Errorf("hash of the classes is %#x, want %#x", got, want)
	}
}
