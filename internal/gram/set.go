package gram

// Sample collects different grams, and of many only the lowest ones: as few as it takes to stay
// within twice a limit, and more than the limit if there are as many.
type Sample struct {
	step  int
	limit int
	n     int
	table []Gram // open addressing; 0 is an empty place
	spare []Gram // memory of a table that was thinned
	zero  bool   // the gram 0 is there
}

// NewSample makes one for at least limit grams.
func NewSample(limit int) *Sample { return &Sample{limit: limit, table: make([]Gram, 1<<10)} }

// Add adds a gram unless it is not sampled.
func (s *Sample) Add(g Gram) {
	if !g.sampled(s.step) || !s.insert(g) {
		return
	}
	for s.n > 2*s.limit && s.step < MaxStep {
		s.thin(min(s.step+octave, MaxStep))
	}
}

// Steps thin a sample by a sixteenth of what was there at the last multiple of octave, at which
// half as many are left as at the one before: by a sixteenth to a ninth.
const (
	octave = 8
	// MaxStep leaves one gram of 2^14.
	MaxStep = 14 * octave
)

// sampled says whether a gram is one of those that a step leaves.
func (g Gram) sampled(step int) bool {
	return uint64(g) < uint64(2*octave-step%octave)<<(28-step/octave)
}

// thin leaves those of a step.
func (s *Sample) thin(step int) {
	s.step = step
	old := s.table
	zero := s.zero
	if len(s.spare) != len(old) {
		s.spare = make([]Gram, len(old))
	}
	clear(s.spare)
	s.table, s.spare, s.n, s.zero = s.spare, old, 0, false
	if zero {
		s.insert(0)
	}
	for _, g := range old {
		if g != 0 && g.sampled(s.step) {
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
	at := g * 0x9e3779b1 >> 7 & mask
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

// Step is that which leaves these.
func (s *Sample) Step() int { return s.step }

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
