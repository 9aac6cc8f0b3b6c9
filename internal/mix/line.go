package mix

// line parses the text behind the cursor as logs are written: lines of fields and tokens. A token
// is a run of letters, digits and bytes of UTF-8. The skeleton of a text is the text with every
// token that holds a digit replaced by one and the same symbol: lines written by the same statement
// mostly have the same skeleton.
type line struct {
	detail detail

	start, above int // where this line and the one above begin
	field        int // delimiters of fields passed in this line
	fieldStart   int
	fields       [64]int32 // where the fields of this line begin
	fieldsAbove  [64]int32

	token      uint32 // hash of the token so far; 0 between tokens
	tokenStart int
	tokenLen   int
	digits     bool   // the token so far holds a digit
	delimiters uint32 // hash of the bytes since the last token

	text [4]uint32 // hashes of the last tokens, the latest first
	skel [4]uint32 // the same, of the skeleton

	letters [4]uint32 // hashes of the current and the last words of letters, case ignored
	tail    uint32    // the last letters of the current word, of up to four, the latest lowest
	suffix  uint32    // the last letters of the word before, of up to three
	words   uint32    // since the sentence began
	stop    uint32    // the last byte that was neither letter nor digit nor space
	classes uint32    // of the last bytes, the latest lowest; runs of letters or digits count once

	whole         uint32 // hash of the line's text so far
	skeleton      uint32 // hash of the line's skeleton so far
	skeletonAbove uint32 // that of the line above
	opening       uint32 // hash of the first tokens without digits of the line
	openings      int
}

// detail is how much of a line is parsed: what the contexts of a level ask for.
type detail uint8

const (
	parseTokens detail = iota // tokens, skeletons and the number of the field
	parseFields               // and where fields are, words, and the first tokens of the line
	parseProse                // and sentences
)

const (
	classOther = iota
	classSpace
	classPunct
	classQuote
	classBracket
	classDigit
	classLower
	classUpper
)

var (
	byteClass [256]uint8
	isToken   [256]bool
	isField   [256]bool // delimits fields
)

func init() {
	for c := range 256 {
		switch {
		case c >= '0' && c <= '9':
			byteClass[c] = classDigit
		case c >= 'a' && c <= 'z' || c >= 128:
			byteClass[c] = classLower
		case c >= 'A' && c <= 'Z':
			byteClass[c] = classUpper
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			byteClass[c] = classSpace
		case c == '"' || c == '\'' || c == '\\':
			byteClass[c] = classQuote
		case c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}' || c == '<' || c == '>':
			byteClass[c] = classBracket
		case c > ' ' && c < 127:
			byteClass[c] = classPunct
		}
		isToken[c] = byteClass[c] >= classDigit
	}
	for _, c := range " \t,|=:[]\"" {
		isField[c] = true
	}
}

// add takes the byte c at offset at.
func (l *line) add(c byte, at int) {
	if l.detail > parseTokens {
		l.addWord(c)
	}
	if isToken[c] {
		if l.tokenLen == 0 {
			l.tokenStart = at
		}
		l.token = chain(l.token, uint32(c))
		l.tokenLen++
		l.digits = l.digits || byteClass[c] == classDigit
		return
	}
	if l.tokenLen > 0 {
		l.endToken()
	}
	if c == '\n' {
		l.endLine(at + 1)
		return
	}
	l.delimiters = hash2(l.delimiters, uint32(c))
	l.skeleton = hash2(l.skeleton, uint32(c))
	if isField[c] {
		if l.field < len(l.fields)-1 {
			l.field++
		}
		if l.detail > parseTokens {
			l.fieldStart = at + 1
			l.fields[l.field] = int32(at + 1)
		}
	}
}

// addWord is the part of add about words and the line's text.
func (l *line) addWord(c byte) {
	l.whole = chain(l.whole, uint32(c))
	class := byteClass[c]
	if class >= classLower {
		l.letters[0] = chain(l.letters[0], uint32(c|0x20))
		l.tail = l.tail<<8 | uint32(c|0x20)
	} else if l.letters[0] != 0 {
		copy(l.letters[1:], l.letters[:3])
		l.letters[0] = 0
		l.suffix, l.tail = l.tail&0xffffff, 0
		l.words++
	}
	if l.detail < parseProse {
		return
	}
	if class < classDigit && class != classSpace {
		l.stop = uint32(c)
		if c == '.' || c == '!' || c == '?' {
			l.words = 0
		}
	}
	if uint32(class) != l.classes&15 || class < classDigit {
		l.classes = l.classes<<4 | uint32(class)
	}
}

func (l *line) endToken() {
	symbol := l.token
	if l.digits {
		symbol = 1
	} else if l.detail > parseTokens && l.openings < 5 {
		l.openings++
		l.opening = hash2(l.opening, l.token)
	}
	copy(l.text[1:], l.text[:3])
	copy(l.skel[1:], l.skel[:3])
	l.text[0], l.skel[0] = l.token, symbol
	l.skeleton = hash2(l.skeleton, symbol)
	l.token, l.tokenLen, l.digits, l.delimiters = 0, 0, false, 0
}

func (l *line) endLine(next int) {
	if l.detail > parseTokens {
		l.fieldsAbove = l.fields
		for i := l.field + 1; i < len(l.fieldsAbove); i++ {
			l.fieldsAbove[i] = int32(next)
		}
		l.fields[0], l.fieldStart = int32(next), next
	}
	l.above, l.start = l.start, next
	l.field = 0
	l.skeletonAbove = l.skeleton
	l.whole, l.skeleton, l.opening, l.openings = 0, 0, 0, 0
	l.delimiters = '\n'
}

// key names the place between two tokens by what is close: the last tokens' skeleton and the bytes
// since.
func (l *line) key() uint32 { return hash3(l.skel[0], l.skel[1], l.delimiters) }

// word is the hash of the token so far, or of the delimiters in front of it before it begins.
func (l *line) word() uint32 {
	if l.tokenLen == 0 {
		return hash2(l.delimiters, 1)
	}
	return l.token
}
