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

	guess     guess
	line      line
	experts   [expertCount]expert
	record    record
	forecast  forecast
	digits    digitRun
	copies    copies
	run       run
	onTrack   bool // templateMatch has been right since the token began
	indirect1 [256]uint32

	hashes [maxContexts]uint32
	slot   [maxContexts]uint32 // offset of the slot of the current nibble
	mapAt  [maxContexts]uint32

	rows       [maxSets]int32
	outs       [maxSets]int32
	errs       [maxSets]int32
	finalRows  [finalSets]int32
	finalOuts  [finalSets]int32
	finalErrs  [finalSets]int32
	apmAt      [apmCount]uint32
	orders     uint32 // the last of the first 8 contexts, of rising order, that knows these bits
	rate, step int32
}

// tables is what the model knows that is large.
type tables struct {
	buf        []byte // the history: primer and chunk
	slots      []byte
	maps       []uint32 // context, history
	expertMaps []uint32 // expert, confidence
	x, y       []int16  // inputs of the mixers
	hi         []int16
	lo         []uint16
	finalHi    []int16
	finalLo    []uint16
	apms       [apmCount]apm
	matches    [4]matchTable
	template   places
	key        places
	indirect2  []uint32
	fusion     fusion
	guesses    guessTables
}

const (
	weightOne   = 1 << 12 // of the upper half of a weight
	initialRate = 12000
)

// reciprocal[n] is 65536/(n+1.5), the rate after n observations.
var reciprocal [1024]uint32

func init() {
	for n := range reciprocal {
		reciprocal[n] = uint32(65536 * 2 / (2*n + 3))
	}
}

// learn moves an adaptive probability, 22 bits above a count of 10, towards bit.
func learn(e *uint32, bit, limit uint32) {
	v := *e
	n := v & 1023
	p := int64(v >> 10)
	p += (int64(bit*(1<<22-1)) - p) * int64(reciprocal[n]) >> 16
	if n < limit {
		n++
	}
	*e = uint32(p)<<10 | n
}

func (m *model) predict() {
	n := len(m.contexts)
	x := m.x
	c0, bit, node := m.c0, m.bit, m.node
	m.orders = 0
	for i := range n {
		st := m.slots[m.slot[i]+slotNodes+node]
		at := uint32(i)<<8 | uint32(st)
		m.mapAt[i] = at
		if st == 0 {
			x[i] = 0
		} else {
			x[i] = stretchTable[m.maps[at]>>20]
			if i < 8 {
				m.orders = uint32(i)
			}
		}
	}
	x = x[n:]
	for i, j := range m.level.experts {
		e := &m.cursor.experts[j]
		xi := x[i*inputsPerExpert:][:inputsPerExpert]
		xi[0], xi[1] = 0, 0
		e.alive = e.alive && (uint32(e.byte)|256)>>(8-bit) == c0
		if !e.alive {
			continue
		}
		p := int32(m.expertMaps[e.state] >> 20)
		s, q := stretchTable[p], int16(p-2048)>>2
		if e.byte>>(7-bit)&1 == 0 {
			s, q = -s, -q
		}
		xi[0], xi[1] = s, q
	}
	k := len(m.sets)
	base := int32(0)
	for j, s := range m.sets {
		m.rows[j] = (base + int32(m.choose(s))) * int32(len(m.x))
		base += int32(s.size())
	}
	dot(m.x, m.hi, m.rows[:k], m.outs[:k])
	for j := range k {
		m.outs[j] = max(-stretchMax, min(stretchMax, m.outs[j]>>12))
		m.y[j] = int16(m.outs[j])
	}
	m.finalRows = m.chooseFinal()
	dot(m.y, m.finalHi, m.finalRows[:], m.finalOuts[:])
	sum := int32(0)
	for j := range finalSets {
		m.finalOuts[j] = max(-stretchMax, min(stretchMax, m.finalOuts[j]>>12))
		sum += m.finalOuts[j]
	}
	s := sum / finalSets
	p := squash(s)
	ctx := m.apmContexts()
	var q [apmCount]uint32
	for i := range q {
		q[i], m.apmAt[i] = m.apms[i].refine(s, ctx[i])
	}
	p = (p + q[0] + 2*q[1] + 2*q[2] + 2*q[3] + 4) >> 3
	m.p = max(1, min(65535, p))
	if m.advisor != nil {
		m.p = m.advise(m.p)
	}
}

// update learns that the bit predicted was y, and predicts the next of the byte.
func (m *model) update(y uint32) {
	if m.advisor != nil {
		m.fusion.learn(y, m.p)
	}
	target := int32(y * 65535)
	for j := range m.sets {
		e := (target - int32(squash(m.outs[j]))) * m.cursor.rate >> 16
		m.errs[j] = max(-32767, min(32767, e))
	}
	k := len(m.sets)
	train(m.x, m.hi, m.lo, m.rows[:k], m.errs[:k])
	for j := range finalSets {
		m.finalErrs[j] = (target - int32(squash(m.finalOuts[j]))) * m.level.rate.second >> 16
	}
	train(m.y, m.finalHi, m.finalLo, m.finalRows[:], m.finalErrs[:])
	for i := range m.apms {
		m.apms[i].train(m.apmAt[i], int(y), 5)
	}
	for i := range len(m.contexts) {
		st := &m.slots[m.slot[i]+slotNodes+m.node]
		*st = nextState[*st][y]
		learn(&m.maps[m.mapAt[i]], y, m.mapLimit)
	}
	for _, i := range m.level.experts {
		if e := &m.cursor.experts[i]; e.alive {
			learn(&m.expertMaps[e.state], 1-(uint32(e.byte>>(7-m.bit))&1^y), 1023)
		}
	}
	if m.step++; m.step&63 == 0 && m.cursor.rate > m.level.rate.final {
		m.cursor.rate -= m.cursor.rate >> m.level.rate.decay
	}

	m.c0 = m.c0<<1 | y
	m.node = m.node<<1 | y
	m.bit++
	switch m.bit {
	case 4:
		m.startNibble(saltOfLow(m.c0))
	case 8:
		m.endByte(byte(m.c0))
		return
	}
	m.predict()
}

// settle learns whether the guess is right; if it is, the byte is done, else its bits follow.
func (m *model) settle(right bool) {
	if m.advisor != nil {
		m.fusion.cost += bitCost(flag(right), m.guess.p)
	}
	m.learnGuess(flag(right))
	if right {
		m.endByte(m.guess.byte)
	} else {
		m.startBits()
	}
}

func (m *model) startByte() {
	m.makeGuess()
	if !m.guess.active {
		m.startBits()
	}
}

// startBits prepares to code a byte bit by bit.
func (m *model) startBits() {
	m.c0, m.bit = 1, 0
	m.hashContexts()
	m.startNibble(0)
	for _, i := range m.level.experts {
		e := &m.cursor.experts[i]
		e.state = uint32(i*confidences) + e.confidence()
		if i == forecastMatch {
			if e.alive = m.forecast.n > 0; e.alive {
				e.byte = m.forecast.text[m.forecast.at]
			}
		} else if e.alive = e.ptr > 0; e.alive {
			e.byte = m.buf[e.ptr]
		}
	}
	m.predict()
}

// saltOfLow is that of a byte's low nibble; c0 is its high one behind a leading 1.
func saltOfLow(c0 uint32) uint32 { return c0 * 0x2c1b3c6d }

// startNibble finds the slots of the nibble that begins; salt tells the low nibbles from the high
// ones and each other.
func (m *model) startNibble(salt uint32) {
	m.node = 1
	n := len(m.contexts)
	var checks [maxContexts]uint16
	m.place(salt, m.slot[:n], checks[:n])
	for i := range n {
		m.slot[i] = findSlot(m.slots, m.slot[i], checks[i])
	}
}

// place gives where the lines of slots of a nibble begin, and the checks of its slots. It asks for
// the lines.
func (m *model) place(salt uint32, at []uint32, checks []uint16) {
	shift := 32 - m.slotBits
	n := len(m.contexts)
	at, checks = at[:n], checks[:n]
	for i, h := range m.hashes[:n] {
		h = (h + salt) * 0x9e3779b1
		h ^= h >> 15
		at[i] = h * 0x85ebca6b >> shift * lineSize
		checks[i] = uint16(h) | 1
	}
	prefetch(m.slots, at)
}

// endByte learns the byte c as a whole.
func (m *model) endByte(c byte) {
	if m.advisor != nil {
		m.advisor.Byte(c, m.fusion.cost, m.fusion.saved)
		m.fusion.cost, m.fusion.saved = 0, 0
	}
	if m.guess.pending {
		m.learnGuess(flag(c == m.guess.byte))
	}
	m.follow(c)
}

// follow moves what the model knows of the text past c.
func (m *model) follow(c byte) {
	m.extend(c)
	m.record.add(m.c4, len(m.buf))
	m.followExperts(c)
}

// extend adds c to the history.
func (m *model) extend(c byte) {
	m.buf = append(m.buf, c)
	m.indirect1[m.c4&255] = m.indirect1[m.c4&255]<<8 | uint32(c)
	i2 := &m.indirect2[m.c4&0xffff]
	*i2 = *i2<<8 | uint32(c)
	m.c8 = m.c8<<8 | m.c4>>24
	m.c4 = m.c4<<8 | uint32(c)
}

// followExperts moves the experts and the line past c.
func (m *model) followExperts(c byte) {
	l := &m.line
	at := len(m.buf) - 1
	for i := range 3 {
		m.matches[i].follow(&m.cursor.experts[i], m.buf, c)
	}
	m.matches[3].follow(&m.cursor.experts[lineMatch], m.buf, c)
	if e := &m.cursor.experts[lineMatch]; e.ptr < l.start {
		e.ptr, e.length = 0, 0
	}

	t, older, key, dup := &m.cursor.experts[templateMatch], &m.cursor.experts[templateOlder], &m.cursor.experts[keyMatch], &m.cursor.experts[copyMatch]
	m.onTrack = m.onTrack && t.ptr > 0 && m.buf[t.ptr] == c
	t.align(m.buf, c)
	older.align(m.buf, c)
	key.align(m.buf, c)
	if dup.ptr > 0 {
		dup.misses <<= 1
		if m.buf[dup.ptr] == c {
			dup.ptr++
			dup.length++
		} else {
			dup.misses |= 1
			dup.ptr, dup.length = 0, 0
		}
	}
	d := &m.cursor.experts[digitMatch]
	if d.ptr > 0 && c >= '0' && c <= '9' {
		d.misses <<= 1
		if m.buf[d.ptr] != c {
			d.misses |= 1
		}
	}
	m.digits.add(m.buf, c)
	d.ptr, d.length = m.digits.ptr(), m.digits.run
	f := &m.cursor.experts[forecastMatch]
	if m.forecast.n > 0 {
		f.misses <<= 1
		if m.forecast.text[m.forecast.at] != c {
			f.misses |= 1
		}
	}
	m.forecast.add(m.buf, c, l.start)

	if !isToken[c] && l.tokenLen > 0 {
		m.copies.endToken(l.token, l.tokenStart, l.tokenLen)
	}
	l.add(c, at)
	if c == '\n' {
		m.copies.endLine()
	}
	if !isToken[c] {
		latest, before := m.template.visit(l.skeleton+uint32(l.delimiters), at+1)
		t.retarget(latest)
		older.retarget(before)
		k, _ := m.key.visit(l.key(), at+1)
		key.retarget(k)
		if p := m.copies.visit(l.skeleton); p > 0 && (dup.ptr == 0 || dup.length == 0) {
			dup.ptr, dup.length = p, 0
		}
		m.forecast.visit(m.buf, t.ptr, older.ptr)
		m.onTrack = t.ptr > 0
	}
	f.length = m.forecast.at
	m.silence()
}
