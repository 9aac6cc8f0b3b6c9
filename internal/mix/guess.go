package mix

// A guess is the whole next byte, coded as one decision: the same as the byte the best expert
// predicts, or another. The fast levels guess when they are sure enough, so that most bytes of a
// log cost one decision instead of eight and touch no bit histories. The decision is mixed from
// direct probabilities in a few contexts.
type guess struct {
	pending bool // there is a guess to learn from
	active  bool // and it is sure enough to be coded
	byte    byte
	p       uint32 // probability that the guess is right, in units of 1/65536
	at      [guessInputs]uint32
	x       [16]int16
	row     [1]int32
	out     [1]int32
	err     [1]int32
}

const (
	guessInputs = 7
	guessSets   = 729
)

type guessTables struct {
	probs []uint32
	hi    []int16
	lo    []uint16
}

// guesser names the expert whose byte is guessed, or -1.
func (m *model) guesser() int {
	e := &m.cursor.experts
	switch {
	case e[longMatch].ptr > 0 && e[longMatch].length >= 20:
		return longMatch
	case e[templateMatch].ptr > 0 && m.onTrack:
		return templateMatch
	case e[shortMatch].ptr > 0 && e[shortMatch].length > 0:
		return shortMatch
	}
	return -1
}

// makeGuess decides whether to guess, from what the decoder knows as well.
func (m *model) makeGuess() {
	g := &m.guess
	g.active, g.pending = false, false
	who := m.guesser()
	if who < 0 {
		return
	}
	b := m.predicted(who)
	pattern := uint32(0)
	for _, i := range [...]int{longMatch, templateMatch, shortMatch, keyMatch, templateOlder, copyMatch} {
		pattern *= 3
		if p := m.predicted(i); p == b {
			pattern++
		} else if p != 0 {
			pattern += 2
		}
	}
	l := &m.line
	shape := uint32(min(l.tokenLen, 15))
	t, e := &m.cursor.experts[templateMatch], &m.cursor.experts[longMatch]
	ctx := [guessInputs]uint32{
		pattern,
		hash3(e.confidence(), t.confidence(), m.cursor.experts[shortMatch].confidence()),
		hash3(b, m.c4&0xffff, 1),
		hash3(l.skeleton, shape, b),
		hash3(l.key(), l.token, b),
		hash2(m.c4, b),
		hash3(l.skeleton, uint32(t.misses), shape),
	}
	for i, c := range ctx {
		g.at[i] = uint32(i)<<m.guessBits | c*0x9e3779b1>>(32-m.guessBits)
		g.x[i] = stretchTable[m.guesses.probs[g.at[i]]>>20]
	}
	g.x[guessInputs] = stretchUnit
	g.row[0] = int32(pattern) * 16
	dot(g.x[:], m.guesses.hi, g.row[:], g.out[:])
	g.out[0] = max(-stretchMax, min(stretchMax, g.out[0]>>12))
	g.p = max(1, min(65535, squash(g.out[0])))
	g.byte = byte(b)
	g.active, g.pending = g.p >= m.guessOver, true
}

// learnGuess learns whether the guess was right.
func (m *model) learnGuess(right uint32) {
	g := &m.guess
	g.active, g.pending = false, false
	g.err[0] = (int32(right*65535) - int32(squash(g.out[0]))) * 2000 >> 16
	train(g.x[:], m.guesses.hi, m.guesses.lo, g.row[:], g.err[:])
	for _, at := range g.at {
		learn(&m.guesses.probs[at], right, 255)
	}
}
