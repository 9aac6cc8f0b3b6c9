package bwt

// alphabet says what the bytes of a stream of tokens mean. Those that the text itself has mean
// themselves, but that a line end is one byte and letters are small; the others are marks, which
// stand in front of what they are about, and codes of words.
type alphabet struct {
	meaning [256]meaning
	index   [256]uint8 // of a code among those of its meaning
	marks   [marks]byte
	short   []byte // codes of one byte
	lead    []byte // first bytes of codes of two
	trail   []byte // second bytes
}

type meaning uint8

const (
	capital  meaning = iota // the next word has one large letter, the first
	upper                   // the next word has large letters only, several
	joined                  // the next word, a code, has no space in front of it
	space                   // the next space is one, though the line was foreseen to end there
	defShort                // the next word, of letters, gets the next code of one byte
	defLong                 // the same, of two
	marks
	literal
	shortCode
	leadCode
	trailCode
)

// leastSpare is how many bytes a text must leave for marks and codes.
const leastSpare = int(marks) + 10

// newAlphabet makes that of a text with these bytes, and with letters, spaces and line ends; nil if
// there are too few others.
func newAlphabet(used *[256]bool) *alphabet {
	var spare []byte
	for c, is := range used {
		if b := byte(c); !is && b != ' ' && b != '\n' && !isLetter(b) {
			spare = append(spare, byte(c))
		}
	}
	if len(spare) < leastSpare {
		return nil
	}
	a := new(alphabet)
	for c := range a.meaning {
		a.meaning[c] = literal
	}
	take := func(n int, m meaning) []byte {
		taken := spare[:n]
		spare = spare[n:]
		for i, c := range taken {
			a.meaning[c], a.index[c] = m, uint8(i)
		}
		return taken
	}
	for m := range marks {
		a.marks[m] = take(1, m)[0]
	}
	n := len(spare)
	a.short = take(n*2/5, shortCode)
	a.lead = take(n/5, leadCode)
	a.trail = take(len(spare), trailCode)
	return a
}

// code is the code of a word: the n-th of one byte, or of two.
func (a *alphabet) code(dst []byte, n int, long bool) []byte {
	if !long {
		return append(dst, a.short[n])
	}
	return append(dst, a.lead[n/len(a.trail)], a.trail[n%len(a.trail)])
}

func (a *alphabet) longCodes() int { return len(a.lead) * len(a.trail) }
