package mix

// Direct levels have probabilities in the place of bit histories: of a node of a nibble in each
// context, mixed by one row of weights. They are for levels that are to be fast where most of the
// time goes to the few bytes that no expert foresees.
const (
	directNodes = 16 // of a nibble in a context, side by side in a cache line; the first is not used
	directLimit = 20 // observations after which a probability's rate stays
	directRate  = 14000
)

// direct says whether bits are predicted so.
func (l *level) direct() bool { return l.directBits > 0 }

// startDirect is startBits of a direct level.
func (m *model) startDirect() {
	m.hashContexts()
	m.askDirect(saltOfLow(m.c0))
	m.startDirectNibble()
	m.predictDirect()
}

// askDirect is askSlots of a direct level.
func (m *model) askDirect(salt uint32) {
	n, bits := len(m.contexts), m.directBits
	for i, h := range m.hashes[:n] {
		m.asked[i] = uint32(i)<<bits | spread(h, salt)*lineMul>>(32-bits)&^(directNodes-1)
	}
	prefetchNodes(m.directs.probs, m.asked[:n])
	m.askedSalt = salt
}

// startDirectNibble takes the probabilities that were asked for.
func (m *model) startDirectNibble() {
	m.node = 1
	copy(m.slot[:], m.asked[:len(m.contexts)])
}

// predictDirect is predict of a direct level.
func (m *model) predictDirect() {
	g, t := &m.directGuess, &m.directs
	g.inputs = len(m.contexts)
	for i, at := range m.slot[:len(m.contexts)] {
		t.look(g, i, at+m.node)
	}
	t.mix(g, m.c0)
	m.p = g.p
	if m.bit == 3 {
		m.askDirect(saltOfLow(m.c0<<1 | m.p>>15)) // which take their time
	}
	if m.advisor != nil {
		m.p = m.advise(m.p)
	}
}

// updateDirect is update of a direct level.
func (m *model) updateDirect(y uint32) {
	if m.advisor != nil {
		m.fusion.learn(y, m.p)
	}
	m.directs.update(&m.directGuess, y, directRate, directLimit)
	m.c0 = m.c0<<1 | y
	m.node = m.node<<1 | y
	m.bit++
	switch m.bit {
	case 4:
		if salt := saltOfLow(m.c0); salt != m.askedSalt {
			m.askDirect(salt)
		}
		m.startDirectNibble()
	case 8:
		m.endByte(byte(m.c0), false)
		return
	}
	m.predictDirect()
}

// startDirectWeights makes the probabilities unknown and the weights equal.
func (m *model) startDirectWeights() {
	t := &m.directs
	fill(t.probs, 1<<31)
	var row [16]int16
	for i := range m.contexts {
		row[i] = int16(weightOne * 2 / len(m.contexts))
	}
	fill(t.hi, row[:]...)
}
