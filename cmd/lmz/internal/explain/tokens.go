package explain

// tokens charges bytes to kinds of tokens: a run of letters and digits is a word if it has no
// digit, a number if it has nothing else, and an identifier otherwise.
type tokens struct {
	kinds   [tokenKinds]Share
	run     Share // the token that has not ended
	letters bool
	digits  bool
}

const (
	words = iota
	numbers
	identifiers
	spaces
	lineEnds
	marks
	others
	tokenKinds
)

var tokenNames = [tokenKinds]string{"words", "numbers", "letters and digits mixed", "spaces", "line ends", "punctuation", "other bytes"}

func (t *tokens) add(b byte, bits float64) {
	letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
	digit := b >= '0' && b <= '9'
	if letter || digit {
		t.run.Bytes++
		t.run.Bits += bits
		t.letters = t.letters || letter
		t.digits = t.digits || digit
		return
	}
	t.end()
	kind := marks
	switch {
	case b == ' ' || b == '\t':
		kind = spaces
	case b == '\n' || b == '\r':
		kind = lineEnds
	case b < ' ' || b == 0x7f:
		kind = others
	}
	t.kinds[kind].Bytes++
	t.kinds[kind].Bits += bits
}

// end ends a token.
func (t *tokens) end() {
	if t.run.Bytes == 0 {
		return
	}
	kind := words
	if t.digits {
		kind = numbers
		if t.letters {
			kind = identifiers
		}
	}
	t.kinds[kind].Bytes += t.run.Bytes
	t.kinds[kind].Bits += t.run.Bits
	t.run, t.letters, t.digits = Share{}, false, false
}
