package bpe

import (
	"unicode"
	"unicode/utf8"
)

// class is what the pattern tells characters apart by.
type class uint8

const (
	end     class = iota // of the text
	letter               // \p{L}
	number               // \p{N}
	space                // \s without newline
	newline              // \r, \n
	other
)

// ascii is the classes of the characters of one byte.
var ascii = func() (classes [utf8.RuneSelf]class) {
	for b := range classes {
		classes[b] = runeClass(rune(b))
	}
	return classes
}()

// classOf is the class and the length of the first character of text.
func classOf(text []byte) (class, int) {
	if len(text) == 0 {
		return end, 0
	}
	if b := text[0]; b < utf8.RuneSelf {
		return ascii[b], 1
	}
	r, size := utf8.DecodeRune(text)
	return runeClass(r), size
}

func runeClass(r rune) class {
	switch {
	case r == '\r' || r == '\n':
		return newline
	case r == ' ' || r >= '\t' && r <= '\r' || r == 0x85 || r == 0xa0 || r == 0x1680 || r >= 0x2000 && r <= 0x200a ||
		r == 0x2028 || r == 0x2029 || r == 0x202f || r == 0x205f || r == 0x3000:
		return space
	case unicode.Is(letters, r):
		return letter
	case unicode.Is(numbers, r):
		return number
	}
	return other
}
