package mix

import (
	"context"
	_ "embed"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// priorArchive is the prior, compressed by zstd: it is needed within milliseconds. scripts/prior
// makes it.
//
//go:embed prior.zst
var priorArchive []byte

// prior is a text that the model has read before anything else, so that it knows what logs, code
// and prose are made of: lines that a language model has written, the most useful ones last. It is
// part of the format.
var prior = sync.OnceValue(func() []byte { return unpack(priorArchive) })

// unpack decompresses what is part of the program.
func unpack(archive []byte) []byte {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err)
	}
	defer d.Close()
	text, err := d.DecodeAll(archive, nil)
	if err != nil {
		panic(err)
	}
	return text
}

// preparation says how much of the prior, from its end, a model has read.
type preparation struct {
	history int // bytes that experts may point at
	taught  int // bytes of these whose histories taughtContexts have
	atOnce  int // bytes that are taught however small the text is
}

// forText is what is worth its time before a text of up to 2^bits bytes.
func (p preparation) forText(bits int) preparation {
	bits = min(bits, 24) // what is longer gets all, and int may have 32 bits
	p.history = min(p.history, max(historyAtOnce, p.atOnce, 8<<bits))
	p.taught = min(p.history, p.taught, max(p.atOnce, 1<<bits))
	return p
}

const historyAtOnce = 64 << 10

// taughtContexts are those that are worth teaching before there is anything to code: the others
// hold for one text, or say the same. The last are two for words, of which the later one is enough.
var taughtContexts = [...]contextID{order1, order2, order3, order4, wordOnly, wordLetters}

// read moves past text, of which nothing is coded and nothing is learnt but where what occurs, and
// by taughtContexts which bits follow in the last taught bytes.
func (m *model) read(ctx context.Context, text []byte, taught int) error {
	whole := m.level
	l := *whole
	l.contexts = l.taught()
	m.level = &l
	defer func() { m.level = whole }()
	m.buf = room(m.buf, len(text), len(text))
	var lessons lessons
	for i, c := range text {
		if i%pollEvery == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if len(text)-i <= taught {
			m.hashTaught()
			lessons.add(m, c)
		}
		m.pass(c)
	}
	lessons.next(m)
	lessons.next(m)
	return nil
}

// taught are the contexts of the level that are of taughtContexts.
func (l *level) taught() (some []contextID) {
	letters := slices.Contains(l.contexts, wordLetters)
	for _, c := range l.contexts {
		if slices.Contains(taughtContexts[:], c) && !(c == wordOnly && letters) {
			some = append(some, c)
		}
	}
	return some
}

// hashTaught is hashContexts for taughtContexts, which need nothing of the experts.
func (m *model) hashTaught() {
	l, c1 := &m.line, m.c4&255
	for i, c := range m.contexts {
		var h uint32
		switch c {
		case order1:
			h = c1
		case order2:
			h = m.c4 & 0xffff
		case order3:
			h = m.c4 & 0xffffff
		case order4:
			h = m.c4
		case wordOnly:
			h = hash2(l.word(), c1)
		case wordLetters:
			h = hash2(l.letters[0], c1)
		}
		m.hashes[i] = hash2(h, uint32(c)+1)
	}
}

// lessons are nibbles that are to be added to the histories of their contexts. Those of some bytes
// wait until those of as many more are there, so that the cache lines that they need can come
// meanwhile: reading is mostly waiting.
type lessons struct {
	both [2]lesson // of which one has been asked for
	late int       // the other one
}

type lesson struct {
	nibbles [16]uint8
	n       int
	hashes  [16 * len(taughtContexts)]uint32 // of the contexts of each nibble, with its salt
	at      [16 * len(taughtContexts)]uint32 // see findLines
	checks  [16 * len(taughtContexts)]uint32
}

// add takes the byte c, whose contexts have been hashed.
func (s *lessons) add(m *model, c byte) {
	l := &s.both[s.late]
	for _, nibble := range [...]struct{ v, salt uint32 }{{uint32(c >> 4), 0}, {uint32(c & 15), saltOfLow(uint32(c>>4) | 16)}} {
		hashes := l.hashes[l.n*len(m.contexts):]
		for i, h := range m.hashes[:len(m.contexts)] {
			hashes[i] = h + nibble.salt
		}
		l.nibbles[l.n] = uint8(nibble.v)
		l.n++
	}
	if l.n == len(l.nibbles) {
		s.next(m)
	}
}

// next teaches what has waited, in order, and asks for the lines of what has come since.
func (s *lessons) next(m *model) {
	n, l := len(m.contexts), &s.both[s.late]
	if l.n > 0 {
		findLines(m.slots, l.hashes[:l.n*n], 0, m.slotBits, l.at[:], l.checks[:])
	}
	s.late ^= 1
	l = &s.both[s.late]
	for k, v := range l.nibbles[:l.n] {
		at := l.at[k*n:][:n]
		findSlots(m.slots, at, l.checks[k*n:][:n], at)
		teachNibble(m.slots, at, uint32(v))
	}
	l.n = 0
}

// teachNibble adds the nibble v to the histories in the slots at.
func teachNibble(slots []byte, at []uint32, v uint32) {
	n2, n3, n4 := slotNodes+(2|v>>3), slotNodes+(4|v>>2), slotNodes+(8|v>>1)
	y1, y2, y3, y4 := v>>3, v>>2&1, v>>1&1, v&1
	for _, at := range at {
		h := (*[slotSize]byte)(slots[at:])
		h[slotNodes+1] = nextState[h[slotNodes+1]][y1]
		h[n2] = nextState[h[n2]][y2]
		h[n3] = nextState[h[n3]][y3]
		h[n4] = nextState[h[n4]][y4]
	}
}

// pass is follow without experts.
func (m *model) pass(c byte) {
	m.extend(c)
	for i := range m.matches {
		if len(m.matches[i].pos) > 0 && i != lineMatch { // which forgets what is in another line
			m.matches[i].add(m.buf, m.c8, m.c4)
		}
	}
	l := &m.line
	l.add(c, len(m.buf)-1)
	if !isToken[c] {
		m.template.visit(l.skeleton+uint32(l.delimiters), len(m.buf))
		m.key.visit(l.key(), len(m.buf))
	}
}

// priors are models that have read the prior, for kinds that were asked for more than once: reading
// it takes longer than coding a small chunk.
var priors priorCache

type priorCache struct {
	mu     sync.Mutex
	asked  map[kind]bool
	models map[kind]*model
	size   int
}

// PriorMemory is the most memory that the process keeps for starting small chunks, in bytes.
const PriorMemory = 32 << 20

// get gives the model of a kind; keep asks to add it once it is made.
func (c *priorCache) get(k kind) (m *model, keep bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.models[k]; m != nil {
		return m, false
	}
	keep = c.asked[k]
	if c.asked == nil {
		c.asked = map[kind]bool{}
	}
	c.asked[k] = true
	l := k.spec()
	return nil, keep && l.size() <= PriorMemory*3/4
}

// add keeps a copy of m, and forgets others if they are too much together.
func (c *priorCache) add(m *model) {
	own := new(model)
	_ = own.copyFrom(context.Background(), m)
	size := own.held() + cap(own.buf)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size += size; c.size > PriorMemory || c.models == nil {
		c.models, c.size = map[kind]*model{}, size
	}
	c.models[m.kind] = own
}
