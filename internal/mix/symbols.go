package mix

// symbols are what may come next in a quantity: digits, and what is behind a number.
type symbols struct {
	at     int  // where they are of: the length of the history
	known  bool // there are any
	live   bool // the bits so far are those of one
	end    byte // behind the number
	ends   bool // it may come
	ending [quantityViews]uint32
	tree   [quantityViews][32]uint32 // probability of the low nibbles of digits, of each prefix
	maps   [quantityViews]uint16     // the states of quantityMaps of the bit predicted, 0 for none
}

const (
	quantityInputs = 2 * quantityViews
	quantityCells  = 64 // of stretched probabilities, in quantityMaps
	quantityStates = quantityViews * 4 * quantityCells
)

// startSymbols finds how probable which symbols are.
func (m *model) startSymbols() *symbols {
	q := &m.quantity
	s := &q.symbols
	if !q.on {
		s.known, s.live = false, false
		return s
	}
	if s.at == len(m.buf) {
		s.live = s.known
		return s
	}
	s.at, s.known, s.live, s.ends = len(m.buf), false, false, false
	if q.parse(m.buf); q.place < len(m.buf)-q.start || q.kind != freeNumber && q.place == q.length {
		return s
	}
	if q.kind != freeNumber && q.unit(q.place) == 0 {
		return s
	}
	s.known, s.live = true, true
	for v := range quantityViews {
		q.need(m.deltas, v)
		tree := &s.tree[v]
		leaves := (*[10]uint32)(tree[16:])
		clear(tree[16:])
		if q.kind == freeNumber {
			q.free(v, leaves)
		} else {
			q.fixed(v, leaves)
		}
		for i := 15; i > 0; i-- {
			tree[i] = tree[2*i] + tree[2*i+1]
		}
		s.ending[v] = 0
		if q.kind == freeNumber && q.place > 0 {
			s.ending[v] = q.between(v, q.value, q.value+1)
		}
	}
	if q.kind == freeNumber {
		s.end, s.ends = m.buf[q.like+q.length], true
	}
	return s
}

// fixed sets p to the probabilities of the next digit where the width is known.
func (q *quantity) fixed(view int, p *[10]uint32) {
	most, unit := int64(9), q.unit(q.place)
	if q.kind == clockTime && q.place < 8 {
		most = clockMost[q.place]
	}
	for c := range most + 1 {
		low := q.value + c*unit
		p[c] = q.between(view, low, low+unit)
	}
}

// free sets p to the probabilities of the next digit where more digits may follow.
func (q *quantity) free(view int, p *[10]uint32) {
	if q.place > 0 && q.value == 0 || q.place == maxDigits {
		return
	}
	d, base := &q.by[view], q.base[view]
	for more := max(q.length-2-q.place, 0); more < max(q.length+1-q.place, 1); more++ {
		unit := powers[more]
		low := q.value*10*unit - base
		before := d.below(low)
		for c := range p {
			low += unit
			after := d.below(low)
			if c > 0 || q.place > 0 || more == 0 {
				p[c] += after - before
			}
			before = after
		}
	}
}

// predictSymbols sets the inputs of the views at x.
func (m *model) predictSymbols(x []int16) {
	x = x[:quantityInputs]
	clear(x)
	q := &m.quantity
	s := &q.symbols
	if !s.live {
		return
	}
	s.maps, s.live = [quantityViews]uint16{}, false
	for v := range quantityViews {
		zero, one := s.split(v, m.c0, m.bit)
		if zero+one == 0 {
			continue
		}
		s.live = true
		x[2*v] = odds(one, zero+one)
		known := min(3, m.deltas[q.chain[1+v]].total/deltaWeight/4)
		cell := uint32(x[2*v]+stretchMax+1) * quantityCells / (2 * (stretchMax + 1))
		s.maps[v] = uint16((uint32(v)*4+known)*quantityCells + cell)
		x[2*v+1] = stretchTable[m.quantityMaps[s.maps[v]]>>20]
	}
}

// split is how probable symbols are with a 0 and a 1 next, of those that begin with the bits c0.
func (s *symbols) split(view int, c0, bit uint32) (zero, one uint32) {
	n := [2]uint32{}
	tree := &s.tree[view]
	switch digit := uint32('0') | 256; {
	case bit < 4 && c0 == digit>>(8-bit):
		n[digit>>(7-bit)&1] = tree[1]
	case bit >= 4 && c0>>(bit-4) == digit>>4:
		node := 1<<(bit-4) | c0&(1<<(bit-4)-1)
		n = [2]uint32{tree[2*node], tree[2*node+1]}
	}
	if end := uint32(s.end) | 256; end>>(8-bit) == c0 {
		n[end>>(7-bit)&1] += s.ending[view]
	}
	return n[0], n[1]
}

// foresaw is how probable the byte c at an offset was by the view that knew it best, 0 if there was
// none. It bears on no payload.
func (s *symbols) foresaw(at int, c byte) (p float64) {
	if !s.known || s.at != at {
		return 0
	}
	for v := range quantityViews {
		some := uint32(0)
		switch {
		case isDigit(c):
			some = s.tree[v][16+c-'0']
		case s.ends && c == s.end:
			some = s.ending[v]
		}
		if all := s.tree[v][1] + s.ending[v]; some > 0 {
			p = max(p, float64(some)/float64(all))
		}
	}
	return p
}

// learnSymbols learns that the bit predicted was y.
func (m *model) learnSymbols(y uint32) {
	s := &m.quantity.symbols
	if !s.live {
		return
	}
	for _, at := range s.maps {
		if at > 0 {
			learn(&m.quantityMaps[at], y, 255)
		}
	}
}

// odds is the stretched probability of some of all.
func odds(some, all uint32) int16 {
	switch {
	case some == 0:
		return stretchTable[0]
	case some >= all:
		return stretchTable[len(stretchTable)-1]
	}
	return stretchTable[uint64(some)<<12/uint64(all)]
}
