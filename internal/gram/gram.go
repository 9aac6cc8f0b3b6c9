// Package gram finds in texts, and in what a regular expression demands of a line, the grams by
// which search filters know them: four bytes of a line, one behind the other, with A to Z taken for
// a to z (docs/FORMAT.md).
package gram

// Size is the number of bytes of a gram.
const Size = 4

// Gram is the hash of a gram. Different grams have different hashes.
type Gram uint32

// Class tells grams apart by how they should be sampled: words are few and repeat, numbers do
// neither.
type Class uint8

const (
	Letters Class = 0 // a to z and bytes from 0x80 on, nothing else
	Others  Class = 1 // all that are not
	Classes       = 2 // how many there are
)

// Lower takes A to Z for a to z.
func Lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}

func isLetter(lower byte) bool { return 'a' <= lower && lower <= 'z' || lower >= 0x80 }

// hash mixes the bytes of a gram. Each step can be undone.
func hash(bytes uint32) Gram {
	h := bytes * 0x9e3779b1
	h ^= h >> 15
	h *= 0x85ebca77
	h ^= h >> 13
	return Gram(h)
}

// Scanner finds the grams of a text that is given byte by byte.
type Scanner struct {
	last    uint32 // bytes, the first one lowest
	line    int    // bytes since the line began
	letters int    // letters since another byte
}

// Next gives the gram that ends with b, if there is one.
func (s *Scanner) Next(b byte) (g Gram, c Class, ok bool) {
	b = Lower(b)
	s.last = s.last>>8 | uint32(b)<<24
	if b == '\n' {
		s.line, s.letters = 0, 0
		return 0, 0, false
	}
	s.line++
	s.letters++
	c = Letters
	if !isLetter(b) {
		s.letters = 0
	}
	if s.letters < Size {
		c = Others
	}
	return hash(s.last), c, s.line >= Size
}

// Each calls do for each gram of a text, as often as it is there. before are the bytes in front of
// the text, of which the grams that end in the text may have some.
func Each(before, text []byte, do func(Gram, Class)) {
	var s Scanner
	for _, b := range before {
		s.Next(b)
	}
	for _, b := range text {
		if g, c, ok := s.Next(b); ok {
			do(g, c)
		}
	}
}
