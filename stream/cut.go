package stream

import (
	"bytes"
	"unicode/utf8"
)

// cut says how many bytes of full, which has the size of a chunk and goes on, become a chunk: up to
// the last line end in its last eighth, else as many as split no UTF-8 sequence, else all.
func cut(full []byte) int {
	from := len(full) - len(full)/8
	if i := bytes.LastIndexByte(full[from:], '\n'); i >= 0 {
		return from + i + 1
	}
	for i := len(full) - 1; i > 0 && i >= len(full)-utf8.UTFMax; i-- {
		if utf8.RuneStart(full[i]) {
			if !utf8.FullRune(full[i:]) {
				return i
			}
			break
		}
	}
	return len(full)
}
