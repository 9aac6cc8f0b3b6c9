package mix

// noiseTable is about noise: what the contexts foretell no better than a count of the bytes that
// came at this place of such lines, as digits of random numbers, identifiers, hashes. With all
// contexts it takes most of the time of logs that are full of it, for nothing. So what the contexts
// save is watched place by place, and where that is next to nothing, bytes are coded by the count
// alone. The histories are taught what came, which may come again elsewhere.
type noiseTable struct {
	places []noisePlace
	probs  []uint32 // place, bits of the byte so far behind a leading 1
}

type noisePlace struct {
	saved  int32  // bits, in units of 1/4096, that the contexts save of a byte: a running mean
	visits uint32 // bytes that came
}

// byteNoise is about the byte whose bits are coded.
type byteNoise struct {
	place   uint32
	watched bool   // both ways are compared
	alone   bool   // it is coded by the count alone
	saved   int32  // by the contexts so far
	idle    uint32 // bytes since the last one that was alone, but for guessed ones
}

const (
	noiseGuess  = 1 << 14 // where a guess is as probable there is no noise
	noiseTrial  = 64      // so many bytes of a place are watched first,
	noiseSeldom = 8       // then one of so many where the contexts save noiseSaved or more,
	noiseAgain  = 32      // one of so many of noise, and all others
	noiseIdle   = 4096    // after so many bytes without noise,
	noiseRarely = 4       // only one of so many of these
	noiseSaved  = 4096    // the first mean
	noiseRate   = 6       // means move by their 2^-noiseRate part
	noiseLimit  = 255     // observations after which a probability's rate stays
	noisePart   = 63      // bytes of a token that have places of their own
)

// startNoise decides how to code a byte bit by bit.
func (m *model) startNoise() {
	b, g, l := &m.noisy, &m.guess, &m.line
	b.watched, b.alone, b.saved = false, false, 0
	if m.noiseBits == 0 || g.pending && g.p >= noiseGuess {
		return
	}
	b.place = hash3(l.skeleton, l.delimiters, uint32(min(l.tokenLen, noisePart))) >> (32 - m.noiseBits)
	p := &m.noise.places[b.place]
	n := p.visits
	p.visits++
	switch {
	case n < noiseTrial:
		b.watched = true
	case p.saved >= noiseSaved:
		b.watched = n%noiseSeldom == 0
	default:
		b.alone = p.saved < m.noiseBelow && n%noiseAgain > 0
		b.watched = !b.alone
	}
	if b.idle++; b.alone {
		b.idle = 0
	} else if b.idle > noiseIdle && n%noiseRarely > 0 {
		b.watched = false
	}
}

// count is the probability of the next bit of the byte at its place, as learn has it.
func (m *model) count() *uint32 { return &m.noise.probs[m.noisy.place<<8|m.c0] }

// counted is what the count says that the next bit is.
func (m *model) counted() uint32 { return max(1, *m.count()>>16) }

// watchNoise compares both ways to code the bit y, and counts it.
func (m *model) watchNoise(y uint32) {
	b, p := &m.noisy, m.count()
	b.saved += bitCost(y, max(1, *p>>16)) - bitCost(y, m.unadvised())
	learn(p, y, noiseLimit)
	if m.bit == 7 {
		saved := &m.noise.places[b.place].saved
		*saved += (b.saved - *saved) >> noiseRate
	}
}

// startAlone is startBits of a byte that is coded by the count alone. No advisor is asked about it.
func (m *model) startAlone() {
	if !m.direct() {
		m.hashContexts()
		m.askSlots(0)
	}
	m.fusion.advised = false
	m.p = m.counted()
}

// updateAlone is update of such a byte.
func (m *model) updateAlone(y uint32) {
	if m.advisor != nil {
		m.fusion.cost += bitCost(y, m.p)
	}
	learn(m.count(), y, noiseLimit)
	m.c0 = m.c0<<1 | y
	m.bit++
	if m.bit&3 == 0 && !m.direct() {
		m.startNibble()
		teachNibble(m.slots, m.slot[:len(m.contexts)], m.c0&15)
		if m.bit == 4 {
			m.askSlots(saltOfLow(m.c0))
		}
	}
	if m.bit == 8 {
		m.endByte(byte(m.c0), false)
		return
	}
	m.p = m.counted()
}

// shape makes the tables those of 2^bits places, or of none if bits is 0.
func (t *noiseTable) shape(bits int) {
	places := 0
	if bits > 0 {
		places = 1 << bits
	}
	resize(&t.places, places, false)
	resize(&t.probs, places<<8, false)
}

// fill makes all places unknown.
func (t *noiseTable) fill() {
	fill(t.places, noisePlace{saved: noiseSaved})
	fill(t.probs, 1<<31)
}

// held is the memory of the tables in bytes, whether it is in use or not.
func (t *noiseTable) held() int { return 8*cap(t.places) + 4*cap(t.probs) }

func (t *noiseTable) copyFrom(o *noiseTable) {
	copy(t.places, o.places)
	copy(t.probs, o.probs)
}
