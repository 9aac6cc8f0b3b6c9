package mix

const (
	maxContexts = 64
	maxSets     = 12
	finalSets   = 3
	apmCount    = 4

	inputsPerExpert = 2
)

// model predicts a text bit by bit.
type model struct {
	*level
	kind    kind
	advisor Advisor
	cursor
	tables
}

// cursor is what the model knows that is small.
type cursor struct {
	c0   uint32 // the bits of this byte so far behind a leading 1
	bit  uint32 // how many they are
	node uint32 // the same as c0 within the nibble
	c4   uint32 // the last bytes, the latest lowest
	c8   uint32 // the four before them
	p    uint32 // probability that the next bit is 1

	guess       guess
	directGuess guess // at a bit
	stretch     stretch
	noisy       byteNoise
	line        line
	experts     [expertCount]expert
	record      record
	forecast    forecast
	digits      digitRun
	copies      copies
	quantity    quantity
	run         run
	onTrack     bool // templateMatch has been right since the token began
	indirect1   [256]uint32

	hashes [maxContexts]uint32
	slot   [maxContexts]uint32 // offset of the slot of the current nibble
	asked  [maxContexts]uint32 // where the lines of slots are of the nibble with askedSalt
	checks [maxContexts]uint32 // and their checks
	states [maxContexts]uint8  // histories of the next bit; 0 behind the contexts that there are

	askedSalt   uint32
	voters      voters
	byteRow     [setCount]uint32
	templateRow uint32    // of setTemplate when that expert is live
	matched     [2]uint32 // how long longMatch and shortMatch have been right, quantised

	rows       [maxSets]int32
	outs       [maxSets + 1]int32
	errs       [maxSets]int32
	finalRows  [finalSets]int32
	finalOuts  [finalSets + 1]int32
	finalErrs  [finalSets]int32
	apmAt      [apmCount]uint32 // the points to train; while predicting, where the curves begin
	rate, step int32
}

// tables is what the model knows that is large.
type tables struct {
	buf          []byte // the history: primer and chunk
	slots        []byte
	maps         [][256]uint32 // context, history
	expertMaps   []uint32      // expert, confidence
	x, y         []int16       // inputs of the mixers
	weights      []block
	finalWeights []block
	apms         apm // all of them
	matches      [4]matchTable
	template     places
	key          places
	indirect2    []uint32
	fusion       fusion
	guesses      guessTables // at bytes
	stretches    guessTables
	deltas       deltas
	quantityMaps []uint32
	directs      guessTables // at bits; see direct
	noise        noiseTable
}

const (
	weightOne   = 1 << 12 // of the upper half of a weight
	initialRate = 12000
)

// settle learns whether the guess is right; if it is, the byte is done, else its bits follow.
func (m *model) settle(right bool) {
	if m.advisor != nil {
		m.fusion.cost += bitCost(flag(right), m.guess.p)
	}
	m.guesses.learn(&m.guess, right)
	if right {
		m.stretch.streak++
		m.endByte(m.guess.byte, false)
	} else {
		m.stretch.streak = 0
		m.startBits()
	}
}

func (m *model) startByte() {
	m.makeGuess()
	if !m.guess.active {
		m.stretch.streak = 0
		m.startBits()
	}
}

// endByte learns the byte c as a whole. within says that it is a byte of a stretch that is right,
// and not the last: coders leave these to advance, which endByte defines.
func (m *model) endByte(c byte, within bool) {
	if m.advisor != nil {
		m.advisor.Byte(c, m.fusion.cost, m.fusion.saved)
		m.fusion.cost, m.fusion.saved = 0, 0
	}
	if m.guess.pending {
		m.guesses.learn(&m.guess, c == m.guess.byte)
	}
	m.follow(c, within)
}

// follow moves what the model knows of the text past c. Within a stretch that is right, only the
// last byte is where experts look for other places, and where they are found later.
func (m *model) follow(c byte, within bool) {
	m.followStretch(c)
	m.extend(c)
	if m.every() {
		m.record.add(m.c4, len(m.buf))
	}
	m.followExperts(c, within)
	m.silence()
}

// extend adds c to the history.
func (m *model) extend(c byte) {
	m.buf = append(m.buf, c)
	m.remember(c)
}

// remember adds c to the last bytes.
func (m *model) remember(c byte) {
	if m.every() {
		m.indirect1[m.c4&255] = m.indirect1[m.c4&255]<<8 | uint32(c)
		i2 := &m.indirect2[m.c4&0xffff]
		*i2 = *i2<<8 | uint32(c)
	}
	m.c8 = m.c8<<8 | m.c4>>24
	m.c4 = m.c4<<8 | uint32(c)
}

// followExperts moves the experts and the line past c.
func (m *model) followExperts(c byte, within bool) {
	l := &m.line
	at := len(m.buf) - 1
	experts := &m.cursor.experts
	for i := range m.matches {
		table := &m.matches[i]
		if len(table.pos) == 0 {
			continue
		}
		experts[i].step(m.buf, c)
		if !within {
			table.visit(&experts[i], m.buf, m.c8, m.c4)
		}
		m.keepInLine(i)
	}

	t := &experts[templateMatch]
	m.onTrack = m.onTrack && t.ptr > 0 && m.buf[t.ptr] == c
	t.align(m.buf, c)
	experts[templateOlder].align(m.buf, c)
	experts[keyMatch].align(m.buf, c)
	experts[copyMatch].stepCopy(m.buf, c)
	if m.every() {
		m.followNumbers(m.buf, c)
	}

	if !isToken[c] && l.tokenLen > 0 {
		m.copies.endToken(l.token, l.tokenStart, l.tokenLen)
	}
	l.add(c, at)
	if c == '\n' {
		m.copies.endLine()
	}
	if !within {
		m.visitPlaces(c)
	}
}

// keepInLine takes the place of lineMatch, if i is that, if it is not in this line.
func (m *model) keepInLine(i int) {
	if e := &m.cursor.experts[i]; i == lineMatch && e.ptr < m.line.start {
		e.ptr, e.length = 0, 0
	}
}

// visitPlaces looks for places that are like the one behind the byte c.
func (m *model) visitPlaces(c byte) {
	l, experts := &m.line, &m.cursor.experts
	if !isToken[c] {
		t, older, key, dup := &experts[templateMatch], &experts[templateOlder], &experts[keyMatch], &experts[copyMatch]
		at := len(m.buf)
		latest, before := m.template.visit(l.skeleton+uint32(l.delimiters), at)
		t.retarget(latest)
		older.retarget(before)
		k, _ := m.key.visit(l.key(), at)
		key.retarget(k)
		if p := m.copies.visit(l.skeleton); p > 0 && (dup.ptr == 0 || dup.length == 0) {
			dup.ptr, dup.length = p, 0
		}
		if m.every() {
			m.forecast.visit(m.buf, t.ptr, older.ptr)
		}
		if m.numbers {
			m.visitQuantity()
		}
		m.onTrack = t.ptr > 0
	}
	if m.every() {
		experts[forecastMatch].length = m.forecast.at
	}
}

// followNumbers moves the experts in numbers past c.
func (m *model) followNumbers(buf []byte, c byte) {
	d, f := &m.cursor.experts[digitMatch], &m.cursor.experts[forecastMatch]
	if d.ptr > 0 && c >= '0' && c <= '9' {
		d.misses <<= 1
		if m.buf[d.ptr] != c {
			d.misses |= 1
		}
	}
	m.digits.add(buf, c)
	d.ptr, d.length = m.digits.ptr(), m.digits.run
	if m.forecast.n > 0 {
		f.misses <<= 1
		if m.forecast.text[m.forecast.at] != c {
			f.misses |= 1
		}
	}
	m.forecast.add(buf, c, m.line.start)
}
