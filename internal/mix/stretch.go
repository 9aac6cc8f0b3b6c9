package mix

import (
	"bytes"
	"encoding/binary"
)

// A stretch is what the guesser predicts up to where the next token begins. Whether all of it is
// right is one decision.
type stretch struct {
	guess  guess
	from   int    // offset in the history of the next byte that it predicts
	left   int    // how many bytes of it are still to come; 0: there is none
	wrong  bool   // it was coded that they do not all come
	denied bool   // they all came although that was coded: no encoder does that
	past   uint32 // whether the last stretches were right, the latest in bit 0
	streak int    // bytes that were guessed in a row
	agreed uint32 // bit i: expert i, of guessExperts, predicts all of it
}

const (
	maxStretch = 32

	// A stretch begins where a token does, or within a token behind so many guessed bytes.
	stretchAfter = 4
)

// stretchLength is how long a stretch is that begins at the offset from of the history, at most
// most bytes.
func (m *model) stretchLength(from, most int) int {
	b := m.buf[from:min(len(m.buf), from+most)]
	n := 0
	for n < len(b) && isToken[b[n]] {
		n++
	}
	for n < len(b) && !isToken[b[n]] {
		n++
		if b[n-1] == '\n' {
			break
		}
	}
	return n
}

// startStretch begins a stretch in front of left bytes of the chunk if there is one, and gives its
// bytes if it is to be coded whether they come.
func (m *model) startStretch(left int) []byte {
	s, l := &m.stretch, &m.line
	if s.left > 0 || l.tokenLen > 0 && s.streak < stretchAfter {
		return nil
	}
	who := m.guesser()
	if who < 0 {
		return nil
	}
	e := &m.cursor.experts
	from := e[who].ptr
	n := m.stretchLength(from, min(maxStretch, left))
	if n < 2 {
		return nil
	}
	text := m.buf[from : from+n]
	h := hashText(text)
	s.agreed = m.agreeing(from, n)
	pattern := uint32(0)
	for _, i := range guessExperts {
		pattern *= 3
		if s.agreed>>i&1 == 1 {
			pattern++
		} else if e[i].ptr != 0 {
			pattern += 2
		}
	}
	ctx := [stretchInputs]uint32{
		pattern | uint32(n)<<10,
		hash3(h, s.past&15, m.c4&0xff),
		hash2(m.c4, h),
		hash3(l.skeleton, uint32(e[templateMatch].misses), s.past&3),
	}
	m.stretches.predict(&s.guess, ctx[:], m.foretell(text), pattern, m.guessBits)
	s.from, s.left, s.wrong = from, n, false
	if s.guess.active = s.guess.p >= m.stretchOver; !s.guess.active {
		return nil
	}
	return text
}

// agreeing are the experts, of guessExperts, that predict the n bytes at the offset from of the
// history: bit i for expert i.
func (m *model) agreeing(from, n int) (agreed uint32) {
	text := m.buf[from : from+n]
	for _, i := range guessExperts {
		p := m.cursor.experts[i].ptr
		if p == from || p > 0 && p+n <= len(m.buf) && bytes.Equal(m.buf[p:p+n], text) {
			agreed |= 1 << i
		}
	}
	return agreed
}

// settleStretch learns whether the stretch that was coded is right; if it is, its bytes are done.
func (m *model) settleStretch(right bool) {
	s := &m.stretch
	if m.advisor != nil {
		m.fusion.cost += bitCost(flag(right), s.guess.p)
	}
	m.learnStretch(right)
	if !right {
		s.wrong = true
		return
	}
	n := s.left
	s.left = 0
	s.streak += n
	m.advance(s.from, n, s.agreed)
}

func (m *model) learnStretch(right bool) {
	s := &m.stretch
	m.stretches.learn(&s.guess, right)
	s.past = s.past<<1 | flag(right)
}

// followStretch moves past the byte c that was not coded by a stretch.
func (m *model) followStretch(c byte) {
	s := &m.stretch
	if s.left == 0 {
		return
	}
	right := m.buf[s.from] == c
	s.from++
	s.left--
	if right && s.left > 0 {
		return
	}
	if s.guess.pending {
		m.learnStretch(right)
	}
	s.denied = s.denied || right && s.wrong
	s.left, s.wrong = 0, false
}

// advance is endByte for each of the n bytes at the offset from of the history, which are a stretch
// that is right: within it, but for the last one. agreed are the experts that predict it; they, and
// what else can, move past it at once.
func (m *model) advance(from, n int, agreed uint32) {
	if m.advisor != nil {
		for _, c := range m.buf[from : from+n] {
			m.advisor.Byte(c, m.fusion.cost, m.fusion.saved)
			m.fusion.cost, m.fusion.saved = 0, 0
		}
	}
	start := len(m.buf)
	m.buf = append(m.buf, m.buf[from:from+n]...)
	text := m.buf[start:]
	if m.every() {
		for i, c := range text {
			m.remember(c)
			m.record.add(m.c4, start+i+1)
		}
	} else if len(m.buf) >= 8 { // to remember each byte would take -1 a twentieth longer
		last := binary.BigEndian.Uint64(m.buf[len(m.buf)-8:])
		m.c8, m.c4 = uint32(last>>32), uint32(last)
	} else {
		for _, c := range text {
			m.remember(c)
		}
	}
	l, experts := &m.line, &m.cursor.experts
	for i := range m.matches {
		e, table := &experts[i], &m.matches[i]
		switch {
		case len(table.pos) == 0:
			continue
		case agreed>>i&1 == 1 || e.ptr == from && i != lineMatch:
			e.agree(n)
		default:
			for j, c := range text {
				e.step(m.buf[:start+j+1], c)
				m.keepInLine(i)
			}
		}
		table.visit(e, m.buf, m.c8, m.c4)
		m.keepInLine(i)
	}
	if m.onTrack && agreed>>templateMatch&1 == 0 {
		for p, j := experts[templateMatch].ptr, 0; j < n && m.onTrack; p, j = p+1, j+1 {
			m.onTrack = m.buf[p] == text[j]
		}
	}
	for _, i := range [...]int{templateMatch, templateOlder, keyMatch} {
		if e := &experts[i]; agreed>>i&1 == 1 {
			e.agree(n)
		} else {
			for j, c := range text {
				e.align(m.buf[:start+j+1], c)
			}
		}
	}
	if e := &experts[copyMatch]; agreed>>copyMatch&1 == 1 {
		e.agree(n)
	} else {
		for _, c := range text {
			e.stepCopy(m.buf, c)
		}
	}
	if m.every() {
		for j, c := range text {
			m.followNumbers(m.buf[:start+j+1], c)
		}
	}
	for j, c := range text {
		if !isToken[c] && l.tokenLen > 0 {
			m.copies.endToken(l.token, l.tokenStart, l.tokenLen)
		}
		l.add(c, start+j)
	}
	c := text[n-1]
	if c == '\n' {
		m.copies.endLine()
	}
	m.visitPlaces(c)
}

// agree is step, or align, for n bytes that are as e says.
func (e *expert) agree(n int) {
	e.misses <<= min(n, 8)
	e.length = min(e.length+n, 65535)
	e.ptr += n
}

// hashText is a hash of a stretch.
func hashText(text []byte) uint32 {
	h := uint64(len(text))
	for len(text) >= 8 {
		h = (h ^ binary.LittleEndian.Uint64(text)) * 0x9e3779b97f4a7c15
		h ^= h >> 29
		text = text[8:]
	}
	w := uint64(0)
	for i, c := range text {
		w |= uint64(c) << (8 * i)
	}
	h = (h ^ w) * 0xd6e8feb86659fd93
	return uint32(h >> 32)
}
