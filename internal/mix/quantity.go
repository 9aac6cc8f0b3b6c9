package mix

// A quantity is a number at the cursor, of which it is known what it is like: the time in front of
// the last line, the number at the same place of the last line of this kind, or behind the same
// word. Histograms of how far such numbers were from each other say how probable its digits are.
type quantity struct {
	on     bool
	timed  bool // it is the first time of its line
	kind   quantityKind
	start  int   // offset of its first byte
	like   int   // offset of the earlier number that it looks like
	length int   // of that
	day    int64 // units in a day, of times

	base   [quantityViews]int64      // what it is expected to be
	chain  [1 + quantityViews]uint32 // histograms: one for all views, one for each
	ready  uint8                     // bit 0: common is made, 1 + v: by[v]
	common probabilities
	by     [quantityViews]distribution

	value int64 // of its bytes so far
	place int   // how many these are

	symbols symbols
	clock   int // offset of the first time of the last line that has one
}

type quantityKind uint8

const (
	freeNumber  quantityKind = iota // of any width
	fixedNumber                     // as wide as the earlier one
	clockTime                       // hh:mm:ss or hh.mm.ss, with or without a fraction
)

// Views are what the quantity is compared with, and by what.
const (
	byPlace = iota // with that of the last line of the kind, by how far that was from the one before
	byTime         // the same, by the time since; of a line's first time by the kind of the line above
	byWord         // with the last number behind the same word
	quantityViews
)

const (
	placeTrust = 128 // of what is known without any histogram, in units of 1/deltaWeight difference
	viewTrust  = 48  // of what holds at the place

	fixedDigits = 9 // numbers of so many digits have as many the next time
	maxDigits   = 15
	maxFraction = 9
)

// clockUnits are the seconds that a 1 in each byte of hh:mm:ss is worth, clockMost its largest
// digit.
var (
	clockUnits = [8]int64{36000, 3600, 0, 600, 60, 0, 10, 1}
	clockMost  = [8]int64{2, 9, 0, 5, 9, 0, 5, 9}
)

var powers = func() (p [19]int64) {
	for i := range p {
		p[i] = pow10(i)
	}
	return p
}()

func isDigit(c byte) bool { return c-'0' < 10 }

// fraction is how many bytes a point or comma and digits at the start of b have, 0 for none.
func fraction(b []byte) int {
	if len(b) < 2 || b[0] != '.' && b[0] != ',' {
		return 0
	}
	if n := digitsAt(b[1:]); n > 0 && n <= maxFraction {
		return n + 1
	}
	return 0
}

// visitQuantity learns from the quantity that has ended, and looks for one that may begin, behind
// the byte in front of which a token has ended.
func (m *model) visitQuantity() {
	q, l, t := &m.quantity, &m.line, m.deltas
	if q.on {
		q.parse(m.buf)
		rest := m.buf[q.start+q.place:]
		if len(rest) == 0 && !q.ended() {
			return // within a time
		}
		if len(rest) > 0 && !isToken[rest[0]] && q.ended() {
			q.learn(t)
		}
		q.on = false
	}
	ptr := m.cursor.experts[templateMatch].ptr
	if ptr == 0 || !isDigit(m.buf[ptr]) {
		return
	}
	elapsed, known := m.forecast.elapsed(ptr)
	first := m.forecast.now < 0
	if first && q.clock > ptr && sameClock(m.buf[ptr:], m.buf[q.clock:]) {
		ptr = q.clock
	}
	if !q.begin(m.buf, ptr, int64(elapsed), known) {
		return
	}
	q.timed = first && (q.kind == clockTime || q.length == 10)

	place := hash3(l.skeleton, l.delimiters, uint32(q.kind))
	q.chain[0] = t.find(place)
	last := uint32(t[q.chain[0]].last)
	since := hash3(place, uint32(deltaBucket(int64(elapsed))), 2)
	if q.timed {
		since = hash3(place, l.skeletonAbove, 1)
	}
	q.chain[1+byPlace] = t.find(hash2(place, last+1))
	q.chain[1+byTime] = t.find(since)
	q.chain[1+byWord] = t.find(hash3(l.text[0], l.delimiters, uint32(q.kind)))
	word := &t[q.chain[1+byWord]]
	if p := int(word.like); p > 0 && !q.timed && q.kind != clockTime {
		if n := digitsAt(m.buf[p:]); n == q.length || q.kind == freeNumber && n > 0 {
			q.base[byWord] = number(m.buf[p:])
		}
	}
	word.like = uint32(len(m.buf))
}

// sameClock reports whether times of one form begin at a and b.
func sameClock(a, b []byte) bool {
	return clock(a) >= 0 && clock(b) >= 0 && fraction(a[8:]) == fraction(b[8:])
}

// begin begins a quantity that is like the number at the offset ptr, if there is one; known: that
// was so many seconds ago.
func (q *quantity) begin(buf []byte, ptr int, elapsed int64, known bool) bool {
	b := buf[ptr:]
	n := digitsAt(b)
	base := int64(0)
	if t := clock(b); t >= 0 {
		f := fraction(b[8:])
		unit := powers[max(0, f-1)]
		q.kind, q.length, q.day = clockTime, 8+f, secondsPerDay*unit
		base = int64(t) * unit
		if f > 0 {
			base += number(b[9:])
		}
		if known {
			base = (base + elapsed*unit + q.day) % q.day
		}
	} else if n > 0 && n <= maxDigits {
		q.kind, q.length = freeNumber, n
		if n >= fixedDigits || n > 1 && b[0] == '0' {
			q.kind = fixedNumber
		}
		base = number(b)
		if known && n == 10 {
			base += elapsed
		}
	} else {
		return false
	}
	q.on, q.start, q.like, q.ready = true, len(buf), ptr, 0
	fill(q.base[:], base)
	q.symbols.at = -1
	return true
}

// learn counts how far the quantity is from what was expected.
func (q *quantity) learn(t deltas) {
	for i, at := range q.chain {
		d := q.value - q.base[max(0, i-1)]
		if q.kind == clockTime && d < -q.day/8 {
			d += q.day
		}
		t[at].add(d)
	}
	if q.timed {
		q.clock = q.start
	}
}

// parse takes the bytes of the quantity that there are, as far as they look like those of the
// earlier one.
func (q *quantity) parse(buf []byte) {
	text, like := buf[q.start:], buf[q.like:]
	q.value, q.place = 0, 0
	if q.kind == freeNumber {
		for q.place < min(len(text), maxDigits) && isDigit(text[q.place]) {
			q.value = q.value*10 + int64(text[q.place]-'0')
			q.place++
		}
		return
	}
	for i, c := range text[:min(len(text), q.length)] {
		switch {
		case isDigit(like[i]) && isDigit(c):
			q.value += int64(c-'0') * q.unit(i)
		case isDigit(like[i]) || c != like[i]:
			return
		}
		q.place++
	}
}

// ended says whether the bytes so far can be all of it.
func (q *quantity) ended() bool {
	return q.place > 0 && (q.kind == freeNumber || q.place == q.length)
}

// unit is what a 1 is worth in byte i, 0 for what is no digit, if the width is known.
func (q *quantity) unit(i int) int64 {
	if q.kind == clockTime {
		if i < 8 {
			return clockUnits[i] * (q.day / secondsPerDay)
		}
		if i == 8 {
			return 0
		}
	}
	return powers[q.length-1-i]
}

// span is how many values the bytes so far leave open, if the width is known.
func (q *quantity) span() int64 {
	for i := q.place - 1; i >= 0; i-- {
		if u := q.unit(i); u > 0 {
			return u
		}
	}
	if q.kind == clockTime {
		return q.day
	}
	return powers[q.length]
}

// need makes the distribution of a view.
func (q *quantity) need(t deltas, view int) {
	if q.ready&1 == 0 {
		t[q.chain[0]].probabilities(&q.common, placeTrust)
		q.ready = 1
	}
	if q.ready>>(view+1)&1 == 0 {
		t[q.chain[1+view]].distribute(&q.common, &q.by[view], viewTrust)
		q.ready |= 2 << view
	}
}

// between is the probability that the quantity is at least low and below high.
func (q *quantity) between(view int, low, high int64) uint32 {
	p := &q.by[view]
	if q.kind == clockTime {
		high = min(high, q.day)
	}
	if low >= high {
		return 0
	}
	low -= q.base[view]
	high -= q.base[view]
	n := uint32(0)
	if least := -q.day / 8; q.kind == clockTime && low < least { // it is tomorrow
		n = p.below(min(high, least)+q.day) - p.below(low+q.day)
		low, high = least, max(high, least)
	}
	return n + p.below(high) - p.below(low)
}

// exactly is between of one value, of a quantity of which there is no byte yet and whose
// distributions need not be made.
func (q *quantity) exactly(t deltas, view int, value int64) uint32 {
	b := deltaBucket(value - q.base[view])
	p := t[q.chain[0]].refine(deltaFirst, b, placeTrust)
	p = t[q.chain[1+view]].refine(p, b, viewTrust)
	return p >> deltaWidth[b]
}

// foretell is how probable text, up to where the next token begins, is as far as it is of the
// quantity, in each of stretchViews, stretched; 0 if nothing is known.
func (m *model) foretell(text []byte) (x [len(stretchViews)]int16) {
	q := &m.quantity
	if !q.on {
		return x
	}
	if q.parse(m.buf); q.place < len(m.buf)-q.start {
		return x
	}
	if q.kind == freeNumber {
		n := digitsAt(text)
		if q.place > 0 || n == 0 || n > maxDigits {
			return x
		}
		for i, v := range stretchViews {
			x[i] = odds(q.exactly(m.deltas, v, number(text)), 1<<deltaScale)
		}
		return x
	}
	like := m.buf[q.like+q.place : q.like+q.length]
	low, unit := q.value, int64(0)
	for i, c := range text[:min(len(text), len(like))] {
		switch {
		case isDigit(c) && isDigit(like[i]):
			unit = q.unit(q.place + i)
			low += int64(c-'0') * unit
		case c != like[i]:
			return x
		}
	}
	if unit == 0 {
		return x
	}
	for i, v := range stretchViews {
		q.need(m.deltas, v)
		x[i] = odds(q.between(v, low, low+unit), q.between(v, q.value, q.value+q.span()))
	}
	return x
}

// foretellByte is foretell of one byte.
func (m *model) foretellByte(b byte) (x [len(stretchViews)]int16) {
	s := m.startSymbols()
	if !s.known {
		return x
	}
	for i, v := range stretchViews {
		some := uint32(0)
		switch {
		case isDigit(b):
			some = s.tree[v][16+b-'0']
		case s.ends && b == s.end:
			some = s.ending[v]
		}
		if all := s.tree[v][1] + s.ending[v]; all > 0 {
			x[i] = odds(some, all)
		}
	}
	return x
}

// stretchViews are those that say how probable guesses are.
var stretchViews = [...]int{byTime, byWord}
