package bpe

import "fmt"

// characters is GPT-2's printable character for each byte, as GGUF spells the pieces of byte-level
// vocabularies: the byte's own of Latin 1 if that is printable, else the next of those from 256 on.
var characters = func() (c [256]rune) {
	next := rune(256)
	for b := range c {
		if c[b] = rune(b); b <= ' ' || b >= 0x7f && b <= 0xa0 || b == 0xad {
			c[b] = next
			next++
		}
	}
	return c
}()

// bytes is the inverse of characters.
var bytes = func() map[rune]byte {
	m := make(map[rune]byte, len(characters))
	for b, c := range characters {
		m[c] = byte(b)
	}
	return m
}()

// Spell writes a piece as the metadata of GGUF files has it: a character for each byte.
func Spell(piece []byte) string {
	spelling := make([]rune, len(piece))
	for i, b := range piece {
		spelling[i] = characters[b]
	}
	return string(spelling)
}

// bytesOf is the inverse of Spell.
func bytesOf(spelling string) ([]byte, error) {
	var piece []byte
	for _, c := range spelling {
		b, ok := bytes[c]
		if !ok {
			return nil, fmt.Errorf("%q stands for no byte", c)
		}
		piece = append(piece, b)
	}
	return piece, nil
}
