package mix

// newModel makes the tables of a model; reset or copyFrom fills them.
func newModel(lv *level) *model {
	m := &model{level: lv}
	n := len(lv.contexts)
	inputs := (n + len(lv.experts)*inputsPerExpert + 1 + 15) &^ 15
	rows := 0
	for _, s := range lv.sets {
		rows += s.size()
	}
	m.slots = make([]byte, lineSize<<lv.slotBits)
	m.maps = make([]uint32, n*256)
	m.expertMaps = make([]uint32, expertCount*confidences)
	m.x = make([]int16, inputs)
	m.y = make([]int16, 16)
	m.hi, m.lo = make([]int16, rows*inputs), make([]uint16, rows*inputs)
	m.finalHi, m.finalLo = make([]int16, finalRows*16), make([]uint16, finalRows*16)
	for i := range m.apms {
		m.apms[i] = make(apm, apmPoints<<lv.apmBits)
	}
	for i, length := range []int{lv.longLength, 11, 6, 3} {
		m.matches[i] = newMatchTable(lv.matchBits, length)
	}
	m.template = make(places, 1<<lv.placeBits)
	m.key = make(places, 1<<lv.placeBits)
	m.copies.source = make([]uint8, 1<<14)
	m.indirect2 = make([]uint32, 1<<16)
	if lv.guessOver > 0 {
		m.guesses = newGuessTables()
	}
	return m
}

// reset forgets everything but the prior.
func (m *model) reset() {
	t := &m.tables
	m.cursor = cursor{
		copies: copies{source: m.copies.source, line: 1},
		digits: digitRun{line: 1},
		rate:   initialRate,
	}
	clear(m.copies.source)
	m.forecast.now = -1
	t.buf = t.buf[:0]
	clear(t.slots)
	for i := range t.maps {
		t.maps[i] = uint32(stateOdds[i&255])<<16 | min(uint32(stateCount[i&255]), 30)
	}
	for i := range t.expertMaps {
		length, misses := i>>2&15, i&3
		t.expertMaps[i] = uint32(65535-32768/(length+1)>>misses)<<16 | 2
	}
	clear(t.x)
	t.x[len(m.contexts)+len(m.level.experts)*inputsPerExpert] = stretchUnit
	clear(t.y)
	fill(t.hi, weightOne*3/100)
	clear(t.lo)
	for i := range t.finalHi {
		t.finalHi[i] = 0
		if i&15 < len(m.sets) {
			t.finalHi[i] = int16(weightOne / len(m.sets))
		}
	}
	clear(t.finalLo)
	for _, a := range t.apms {
		a.reset()
	}
	for i := range t.matches {
		clear(t.matches[i].pos)
		t.matches[i].roll = 0
	}
	clear(t.template)
	clear(t.key)
	clear(t.indirect2)
	if m.guessOver > 0 {
		t.guesses.reset()
	}
	if m.prior {
		m.readPrior()
	}
}

func fill[T any](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}

// copyFrom makes m equal to o, a model of the same level, which may be shared.
func (m *model) copyFrom(o *model) {
	source, lines := m.copies.source, m.forecast.lines
	m.cursor = o.cursor
	m.copies.source, m.forecast.lines = source, append(lines[:0], o.forecast.lines...)
	copy(source, o.copies.source)

	t, u := &m.tables, &o.tables
	t.buf = append(t.buf[:0], u.buf...)
	copy(t.slots, u.slots)
	copy(t.maps, u.maps)
	copy(t.expertMaps, u.expertMaps)
	copy(t.x, u.x)
	copy(t.y, u.y)
	copy(t.hi, u.hi)
	copy(t.lo, u.lo)
	copy(t.finalHi, u.finalHi)
	copy(t.finalLo, u.finalLo)
	for i := range t.apms {
		copy(t.apms[i], u.apms[i])
	}
	for i := range t.matches {
		copy(t.matches[i].pos, u.matches[i].pos)
		t.matches[i].roll = u.matches[i].roll
	}
	copy(t.template, u.template)
	copy(t.key, u.key)
	copy(t.indirect2, u.indirect2)
	copy(t.guesses.probs, u.guesses.probs)
	copy(t.guesses.hi, u.guesses.hi)
	copy(t.guesses.lo, u.guesses.lo)
}

// size is the memory of the tables in bytes.
func (m *model) size() int {
	t := &m.tables
	n := len(t.slots) + 4*(len(t.maps)+len(t.expertMaps)+len(t.indirect2)+len(t.guesses.probs)) + len(m.copies.source)
	n += 2 * (2*len(t.hi) + 2*len(t.finalHi) + 2*len(t.guesses.hi) + len(t.apms)*len(t.apms[0]))
	n += 12 * (len(t.template) + len(t.key))
	for _, m := range t.matches {
		n += 4 * len(m.pos)
	}
	return n
}

// see learns the byte c without coding it.
func (m *model) see(c byte) {
	m.startByte()
	if m.guess.active {
		right := c == m.guess.byte
		m.settle(right)
		if right {
			return
		}
	}
	for i := 7; i >= 0; i-- {
		m.update(uint32(c>>i) & 1)
	}
}
