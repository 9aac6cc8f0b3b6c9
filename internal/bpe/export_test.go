package bpe

// Class is the letter of a character's category, as Unicode has them: L, N, Z (white space) or O.
func Class(r rune) byte {
	return [...]byte{letter: 'L', number: 'N', space: 'Z', newline: 'Z', other: 'O'}[runeClass(r)]
}
