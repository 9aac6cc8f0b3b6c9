// Package gram finds in texts, and in what a regular expression demands of a line, the grams by
// which search filters know them: a few letters or digits one behind the other, with A to Z taken
// for a to z (docs/FORMAT.md).
package gram

// Gram is the hash of a gram. Different grams of letters have different hashes.
type Gram uint32

// Class tells grams apart by what they are made of: words are few and repeat, numbers and
// identifiers do neither.
type Class uint8

const (
	Letters Class = 0 // four letters: a to z and bytes from 0x80 on
	Digits  Class = 1 // six letters and digits, with at least one digit
	Classes       = 2 // how many there are
)

const (
	letters = 4 // bytes of a gram of Letters
	digits  = 6 // bytes of a gram of Digits

	// Size is the number of bytes of the longest gram.
	Size = digits
)

// Lower takes A to Z for a to z.
func Lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}

// kinds says what a byte is to grams.
var kinds = func() (k [256]kind) {
	for b := range k {
		switch l := Lower(byte(b)); {
		case 'a' <= l && l <= 'z' || l >= 0x80:
			k[b] = letter
		case '0' <= l && l <= '9':
			k[b] = digit
		}
	}
	return k
}()

type kind uint8

const (
	other kind = iota
	letter
	digit
)

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
	last    uint64 // the last eight bytes, the first one lowest
	run     int    // letters and digits since another byte
	letters int    // letters since another byte
}

// Next calls do for the grams that end with b.
func (s *Scanner) Next(b byte, do func(Gram, Class)) {
	s.last = s.last>>8 | uint64(Lower(b))<<56
	switch kinds[b] {
	case other:
		s.run, s.letters = 0, 0
		return
	case letter:
		s.letters++
	case digit:
		s.letters = 0
	}
	s.run++
	if s.letters >= letters {
		do(hash(uint32(s.last>>32)), Letters)
	}
	if s.run >= digits && s.letters < digits {
		do(hash(uint32(hash(uint32(s.last>>16)))^uint32(s.last>>48)), Digits)
	}
}

// Each calls do for each gram of a text, as often as it is there. before are the bytes in front of
// the text, of which the grams that end in the text may have some.
func Each(before, text []byte, do func(Gram, Class)) {
	var s Scanner
	for _, b := range before {
		s.Next(b, func(Gram, Class) {})
	}
	for _, b := range text {
		s.Next(b, do)
	}
}
