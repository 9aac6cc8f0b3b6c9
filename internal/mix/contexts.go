package mix

type contextID uint8

const (
	order1 contextID = iota
	order2
	order3
	order4
	order5
	order6
	order8
	order11
	wordOnly
	wordAfter1
	wordAfter2
	wordSkip1
	wordAfter3
	tokenInSkeleton
	tokenAfterKey
	tokenInField
	order2InField
	aboveOrder1
	aboveOrder2
	columnAbove
	templateOrder1
	templateBoth
	templateOrder3
	fieldAbove
	skeletonTemplate
	lineSoFar
	indirectOrder1
	indirectOrder2
	sparse23
	sparse34
	keyShape
	matchOrder1
	columnOrder1
	candidates
	openingToken
	openingField
	order7
	wordLetters
	wordLetters1
	wordLetters2
	wordLettersSkip
	sparse13
	sparse24
	rowAbove
	rowTwoAbove
	rowPhase
	wordSuffix
	wordInSentence
	wordCase
	wordLetters3
	contextCount

	firstProse = wordSuffix // contexts from here on are for prose only
)

// predicted is the byte that expert i predicts behind a leading 1, or 0.
func (m *model) predicted(i int) uint32 {
	if i == forecastMatch {
		if m.forecast.n > 0 {
			return uint32(m.forecast.text[m.forecast.at]) | 256
		}
		return 0
	}
	if p := m.cursor.experts[i].ptr; p > 0 {
		return uint32(m.buf[p]) | 256
	}
	return 0
}

func (m *model) byteAt(p int) uint32 {
	if p >= 0 && p < len(m.buf) {
		return uint32(m.buf[p])
	}
	return 0
}

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

func (m *model) hashContexts() {
	l := &m.line
	n := len(m.buf)
	c1, c4, c8 := m.c4&255, m.c4, m.c8
	col := n - l.start
	var above, above1 uint32
	if p := l.above + col; p < l.start {
		above, above1 = m.byteAt(p), m.byteAt(p+1)
	}
	t := &m.cursor.experts[templateMatch]
	pb, pb1 := m.predicted(templateMatch), uint32(0)
	if pb > 0 {
		pb1 = m.byteAt(t.ptr + 1)
	}
	older := m.predicted(templateOlder)
	track := flag(m.onTrack)
	word := l.word()
	field := uint32(l.field)
	var fab uint32
	if p := int(l.fieldsAbove[l.field]) + n - l.fieldStart; p < l.start && l.fieldsAbove[l.field] > 0 {
		fab = m.byteAt(p) | m.byteAt(p+1)<<8 | 1<<16
	}

	var row uint32
	if w := m.record.best; w > 0 {
		row = m.byteAt(n-w) | m.byteAt(n-w+1)<<8 | m.byteAt(n-w-1)<<16
	}

	for i, c := range m.contexts {
		var h uint32
		switch c {
		case order1:
			h = c1
		case order2:
			h = c4 & 0xffff
		case order3:
			h = c4 & 0xffffff
		case order4:
			h = c4
		case order5:
			h = hash2(c4, c8&0xff)
		case order6:
			h = hash2(c4, c8&0xffff)
		case order8:
			h = hash2(c4, c8)
		case order11:
			h = hash3(c4, c8, m.byteAt(n-9)|m.byteAt(n-10)<<8|m.byteAt(n-11)<<16)
		case wordOnly:
			h = hash2(word, c1)
		case wordAfter1:
			h = hash2(word, l.text[0])
		case wordAfter2:
			h = hash3(word, l.text[0], l.text[1])
		case wordSkip1:
			h = hash2(word, l.text[1])
		case wordAfter3:
			h = hash3(hash2(word, l.text[2]), l.text[0], l.text[1])
		case tokenInSkeleton:
			h = hash2(word, l.skeleton)
		case tokenAfterKey:
			h = hash2(word, l.key())
		case tokenInField:
			h = hash2(word, field)
		case order2InField:
			h = hash2(c4&0xffff, field)
		case aboveOrder1:
			h = hash2(above, c1)
		case aboveOrder2:
			h = hash2(above|above1<<8, c4&0xffff)
		case columnAbove:
			h = hash2(uint32(col), above)
		case templateOrder1:
			h = hash2(pb|pb1<<9|track<<17, c1)
		case templateBoth:
			h = hash2(pb|older<<9|track<<18, field)
		case templateOrder3:
			h = hash2(pb, c4&0xffffff)
		case fieldAbove:
			h = hash3(fab, field, c1)
		case skeletonTemplate:
			h = hash3(pb|pb1<<9|track<<17, uint32(l.tokenLen), l.skeleton)
		case lineSoFar:
			h = hash2(l.whole, uint32(col))
		case indirectOrder1:
			h = hash2(m.indirect1[c1]&0xffffff, c1)
		case indirectOrder2:
			h = hash2(m.indirect2[c4&0xffff]&0xffff, c1)
		case sparse23:
			h = c4 & 0xffff00
		case sparse34:
			h = c4 & 0xffff0000
		case keyShape:
			h = hash3(l.key(), uint32(l.tokenLen), c1)
		case matchOrder1:
			h = hash3(m.predicted(longMatch)|m.predicted(midMatch)<<9, m.predicted(shortMatch)|uint32(min(m.cursor.experts[shortMatch].length, 15))<<9, c1)
		case columnOrder1:
			h = hash2(uint32(col), c1)
		case candidates:
			h = hash3(m.predicted(forecastMatch)|m.predicted(copyMatch)<<9, m.predicted(digitMatch)|pb<<9, track)
		case openingToken:
			h = hash2(word, l.opening)
		case openingField:
			h = hash3(l.opening, field, uint32(n-l.fieldStart)|c1<<16)
		case order7:
			h = hash2(c4, c8&0xffffff)
		case wordLetters:
			h = hash2(l.letters[0], c1)
		case wordLetters1:
			h = hash3(l.letters[0], l.letters[1], c1)
		case wordLetters2:
			h = hash3(l.letters[0], l.letters[1], l.letters[2]+c1)
		case wordLettersSkip:
			h = hash3(l.letters[0], l.letters[2], c1)
		case sparse13:
			h = c4 & 0xff00ff
		case sparse24:
			h = c4 & 0xff00ff00
		case rowAbove:
			h = hash2(row&0xff, c1)
		case rowTwoAbove:
			h = hash2(row&0xff, m.byteAt(n-2*m.record.best))
		case rowPhase:
			h = hash3(row, uint32(m.record.best), c4&0xffff)
		case wordSuffix:
			h = hash2(l.letters[0], l.suffix)
		case wordInSentence:
			h = hash3(l.letters[0], min(l.words, 7), l.stop)
		case wordCase:
			h = hash2(l.letters[0], l.classes&0xffff)
		case wordLetters3:
			h = hash3(hash2(l.letters[0], l.letters[1]), l.letters[2], l.letters[3]+c1)
		}
		m.hashes[i] = hash2(h, uint32(c)+1)
	}
}
