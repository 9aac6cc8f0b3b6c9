package gram

// Sample collects different grams, and of many only those of which the lowest bits of the hash are
// zero: as many bits as it takes to stay within a limit.
type Sample struct {
	shift int
	limit int
	n     int
	table []Gram // open addressing; 0 is an empty place
	zero  bool   // the gram 0 is there
}

// NewSample makes one for at most limit grams.
func NewSample(limit int) *Sample { return &Sample{limit: limit, table: make([]Gram, 1<<10)} }

// Add adds a gram unless it is not sampled.
func (s *Sample) Add(g Gram) {
	if !g.sampled(s.shift) || !s.insert(g) {
		return
	}
	s.thinTo(s.limit)
}

// MaxShift is the largest shift of a sample: the limit does not hold any more then.
const MaxShift = 14

func (g Gram) sampled(shift int) bool { return g&(1<<shift-1) == 0 }

// thinTo thins until there are no more than limit grams. It reports whether that succeeded.
func (s *Sample) thinTo(limit int) bool {
	for s.n > limit && s.shift < MaxShift {
		s.thin()
	}
	return s.n <= limit
}

// thin halves what is sampled.
func (s *Sample) thin() {
	s.shift++
	old := s.table
	zero := s.zero
	s.table, s.n, s.zero = make([]Gram, len(old)), 0, false
	if zero {
		s.insert(0)
	}
	for _, g := range old {
		if g != 0 && g.sampled(s.shift) {
			s.insert(g)
		}
	}
}

// insert says whether g is new.
func (s *Sample) insert(g Gram) bool {
	if g == 0 {
		if s.zero {
			return false
		}
		s.zero = true
		s.n++
		return true
	}
	mask := Gram(len(s.table) - 1)
	at := (g >> 7) * 0x9e3779b1 >> 5 & mask
	for s.table[at] != 0 {
		if s.table[at] == g {
			return false
		}
		at = (at + 1) & mask
	}
	s.table[at] = g
	if s.n++; 2*s.n > len(s.table) {
		old := s.table
		s.table, s.n = make([]Gram, 2*len(old)), 0
		if s.zero {
			s.n = 1
		}
		for _, g := range old {
			if g != 0 {
				s.insert(g)
			}
		}
	}
	return true
}

// Len is the number of grams.
func (s *Sample) Len() int { return s.n }

// Shift is how many of the lowest bits of the hash are zero.
func (s *Sample) Shift() int { return s.shift }

// Each calls do for each of the grams, in any order.
func (s *Sample) Each(do func(Gram)) {
	if s.zero {
		do(0)
	}
	for _, g := range s.table {
		if g != 0 {
			do(g)
		}
	}
}
