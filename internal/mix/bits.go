package mix

// startBits prepares to code a byte bit by bit.
func (m *model) startBits() {
	m.c0, m.bit = 1, 0
	if m.startNoise(); m.noisy.alone {
		m.startAlone()
		return
	}
	if m.direct() {
		m.startDirect()
		return
	}
	m.hashContexts()
	m.askSlots(0)
	m.startExperts()
	if m.numbers {
		m.startSymbols()
	}
	m.startSets()
	m.startNibble()
	m.predict()
}

// saltOfLow is that of a byte's low nibble; c0 is its high one behind a leading 1.
func saltOfLow(c0 uint32) uint32 { return c0 * 0x2c1b3c6d }

// askSlots asks for the slots of the nibble that begins, or is likely to; salt tells the low
// nibbles from the high ones and each other.
func (m *model) askSlots(salt uint32) {
	n := len(m.contexts)
	findLines(m.slots, m.hashes[:n], salt, m.slotBits, m.asked[:], m.checks[:])
	m.askedSalt = salt
}

// startNibble finds the slots that were asked for.
func (m *model) startNibble() {
	m.node = 1
	n := len(m.contexts)
	findSlots(m.slots, m.asked[:n], m.checks[:n], m.slot[:n])
}

// predict gives the probability of the next bit.
func (m *model) predict() {
	m.startCurves()
	m.predictHistories()
	m.predictExperts()
	if m.numbers {
		m.predictSymbols(m.x[len(m.contexts)+len(m.level.experts)*inputsPerExpert+1:])
	}
	base := 0
	for j, s := range m.sets {
		m.rows[j] = int32(base+int(m.choose(s))) * int32(len(m.x)/blockSize)
		base += s.size()
	}
	m.finalRows = m.chooseFinal()
	mix(m.x, m.weights, &m.rows, len(m.sets), &m.outs, m.y, m.finalWeights, &m.finalRows, &m.finalOuts)
	m.p = m.refine((m.finalOuts[0] + m.finalOuts[1] + m.finalOuts[2]) / finalSets)
	if m.bit == 3 {
		m.askSlots(saltOfLow(m.c0<<1 | m.p>>15)) // which take their time
	}
	if m.advisor != nil {
		m.p = m.advise(m.p)
	}
}

// predictHistories sets the inputs of the contexts.
func (m *model) predictHistories() {
	n := len(m.contexts)
	predictStates(m.slots, m.slot[:n], slotNodes+m.node, m.maps, m.states[:n], m.x)
}

// learnHistories learns that the bit predicted was y.
func (m *model) learnHistories(y uint32) {
	n := len(m.contexts)
	learnStates(m.slots, m.slot[:n], slotNodes+m.node, m.maps, m.states[:n], y, m.mapLimit)
}

// smallError is an error, in units of 1/65536, below which a mixer's weights stay: what they would
// learn is not worth the time.
const smallError = 3000

// update learns that the bit predicted was y, and predicts the next of the byte.
func (m *model) update(y uint32) {
	if m.noisy.alone {
		m.updateAlone(y)
		return
	}
	if m.noisy.watched {
		m.watchNoise(y)
	}
	if m.direct() {
		m.updateDirect(y)
		return
	}
	if m.advisor != nil {
		m.fusion.learn(y, m.p)
	}
	target := int32(y * 65535)
	for j := range m.sets {
		e := target - int32(squash(m.outs[j]))
		if e > -smallError && e < smallError {
			e = 0
		}
		e = e * m.cursor.rate >> 16
		m.errs[j] = max(-32767, min(32767, e))
	}
	k := len(m.sets)
	adjust(m.x, m.weights, m.rows[:k], m.errs[:k])
	for j := range finalSets {
		m.finalErrs[j] = (target - int32(squash(m.finalOuts[j]))) * m.level.rate.second >> 16
	}
	adjust(m.y, m.finalWeights, m.finalRows[:], m.finalErrs[:])
	for _, at := range m.apmAt[:m.curves] {
		m.apms.train(at, y, apmRate)
	}
	m.learnHistories(y)
	m.learnExperts(y)
	if m.numbers {
		m.learnSymbols(y)
	}
	if m.step++; m.step&63 == 0 && m.cursor.rate > m.level.rate.final {
		m.cursor.rate -= m.cursor.rate >> m.level.rate.decay
	}

	m.c0 = m.c0<<1 | y
	m.node = m.node<<1 | y
	m.bit++
	switch m.bit {
	case 4:
		if salt := saltOfLow(m.c0); salt != m.askedSalt {
			m.askSlots(salt)
		}
		m.startNibble()
	case 8:
		m.endByte(byte(m.c0), false)
		return
	}
	m.predict()
}
