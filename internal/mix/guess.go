package mix

// A guess says that what comes is what the best expert predicts: a stretch of bytes, or one byte.
// The model guesses when it is sure enough, so that most bytes of a log cost one decision for
// several of them and touch no bit histories. The decision is mixed from direct probabilities in a
// few contexts.
type guess struct {
	pending bool   // there is a guess to learn from
	active  bool   // and it is sure enough to be coded
	byte    byte   // of a guess at a byte
	p       uint32 // probability that the guess is right, in units of 1/65536
	inputs  int
	at      [guessInputs]uint32
	x       [16]int16
	row     [1]int32
	out     [1]int32
	err     [1]int32
}

const (
	guessInputs   = 5 // of a guess at a byte
	stretchInputs = 4
	guessSets     = 729 // 3 to the number of guessExperts
)

// guessTables are what guesses of one kind are mixed from.
type guessTables struct {
	probs []uint32 // input, context
	hi    []int16
	lo    []uint16
}

// shape makes the tables those of a kind of guess with so many inputs, each with 2^bits contexts;
// zero: see model.shape.
func (t *guessTables) shape(inputs, bits int, zero bool) {
	resize(&t.probs, inputs<<bits, false)
	resize(&t.hi, guessSets*16, false)
	resize(&t.lo, guessSets*16, zero)
}

// held is the memory of the tables in bytes, whether it is in use or not.
func (t *guessTables) held() int { return 4*cap(t.probs) + 2*(cap(t.hi)+cap(t.lo)) }

func (t *guessTables) copyFrom(o *guessTables) {
	copy(t.probs, o.probs)
	copy(t.hi, o.hi)
	copy(t.lo, o.lo)
}

// predict gives g the probability that it is right, by what is known of the contexts ctx, with the
// row of weights of a pattern, which is below guessSets. There are 2^bits contexts for each input.
func (t *guessTables) predict(g *guess, ctx []uint32, foretold [len(stretchViews)]int16, pattern uint32, bits int) {
	g.inputs = len(ctx)
	for i, c := range ctx {
		t.look(g, i, uint32(i)<<bits|c*0x9e3779b1>>(32-bits))
	}
	copy(g.x[len(ctx)+1:], foretold[:])
	t.mix(g, pattern)
	g.pending = true
}

// look takes the probability at a place of the table for input i.
func (t *guessTables) look(g *guess, i int, at uint32) {
	g.at[i] = at
	g.x[i] = 0
	if v := t.probs[at]; v&1023 > 0 {
		g.x[i] = stretchTable[v>>20]
	}
}

// mix sets p to what the inputs say with a row of weights.
func (t *guessTables) mix(g *guess, row uint32) {
	g.x[g.inputs] = stretchUnit
	g.row[0] = int32(row) * 16
	dot(g.x[:], t.hi, g.row[:], g.out[:])
	g.out[0] = max(-stretchMax, min(stretchMax, g.out[0]>>12))
	g.p = max(1, min(65535, squash(g.out[0])))
}

// learn learns whether g was right.
func (t *guessTables) learn(g *guess, right bool) {
	g.active, g.pending = false, false
	t.update(g, flag(right), 2000, 255)
}

// update learns that what p is the probability of is y: weights at a rate, and probabilities, whose
// rate stays after limit observations.
func (t *guessTables) update(g *guess, y uint32, rate int32, limit uint32) {
	g.err[0] = (int32(y*65535) - int32(squash(g.out[0]))) * rate >> 16
	train(g.x[:], t.hi, t.lo, g.row[:], g.err[:])
	for _, at := range g.at[:g.inputs] {
		learn(&t.probs[at], y, limit)
	}
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

// guessExperts are those whose agreement with the guess tells how likely it is: each agrees, says
// something else, or says nothing.
var guessExperts = [...]int{longMatch, templateMatch, shortMatch, keyMatch, templateOlder, copyMatch}

// makeGuess decides whether to guess the next byte, from what the decoder knows as well.
func (m *model) makeGuess() {
	g := &m.guess
	g.active, g.pending = false, false
	who := m.guesser()
	if who < 0 {
		return
	}
	b := m.predicted(who)
	left := uint32(0) // in a stretch that is wrong
	if s := &m.stretch; s.wrong {
		if s.left == 1 && b == uint32(m.buf[s.from])|256 {
			return // this is where it is wrong
		}
		left = 1 + min(uint32(s.left), 6)
	}
	pattern := uint32(0)
	for _, i := range guessExperts {
		pattern *= 3
		if p := m.predicted(i); p == b {
			pattern++
		} else if p != 0 {
			pattern += 2
		}
	}
	l, e := &m.line, &m.cursor.experts
	shape := uint32(min(l.tokenLen, 15))
	ctx := [guessInputs]uint32{
		pattern | left<<10,
		hash3(e[longMatch].confidence(), e[templateMatch].confidence(), e[shortMatch].confidence()|left<<10),
		hash3(b, m.c4&0xffff, 1+left),
		hash3(l.skeleton, shape, b),
		hash3(l.skeleton, uint32(e[templateMatch].misses), shape),
	}
	m.guesses.predict(g, ctx[:], m.foretellByte(byte(b)), pattern, m.guessBits)
	g.byte = byte(b)
	g.active = g.p >= m.guessOver
}
