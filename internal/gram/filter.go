package gram

// Filter says which grams a text may have, for each class.
type Filter [Classes]Table

// Table says which grams of a class a text may have: of those that are sampled with Step, the ones
// that Bits know, and one in 2^Width of others; of those that are not sampled, all.
type Table struct {
	Step  int // 0 … MaxStep
	Width int // 1 … MaxWidth, or 0: it says nothing
	Bits  []byte
}

// Unknown is the filter that says nothing.
var Unknown Filter

// The bits for a gram of each class, where there is room.
var wantedWidth = [Classes]int{Letters: 3, Digits: 2}

// Build makes the filter of a text, with tables of at most limit bytes together; Unknown if that is
// less than two. before are the bytes in front of the text.
func Build(before, text []byte, limit int) Filter {
	if limit < 2 {
		return Unknown
	}
	var samples [Classes]*Sample
	for c := range samples {
		samples[c] = NewSample(limit * 8)
	}
	Each(before, text, func(g Gram, c Class) { samples[c].Add(g) })

	words, numbers := samples[Letters], samples[Digits]
	// Words may take half, and what numbers leave.
	wanted := roomFor(numbers, Digits)
	size := min(roomFor(words, Letters), max(limit/2, limit-wanted))
	return Filter{newTable(words, size, Letters), newTable(numbers, min(wanted, limit-size), Digits)}
}

// roomFor is the bytes of a table that has all bits that are wanted.
func roomFor(s *Sample, c Class) int { return (rowsFor(s.Len())*wantedWidth[c] + 7) / 8 }

// newTable makes one of size bytes, which are none only without a gram.
func newTable(s *Sample, size int, c Class) Table {
	width := wantedWidth[c]
	for width > 1 && rowsFor(s.Len()) > size*8/width {
		width--
	}
	for rowsFor(s.Len()) > size*8 {
		if s.step == MaxStep {
			return Table{}
		}
		s.thin(s.step + 1)
	}
	t := Table{Step: s.step, Width: width}
	if s.Len() > 0 {
		t.Bits = solve(s, size, width)
	}
	return t
}

// Has says whether the text may have a gram.
func (f *Filter) Has(g Gram, c Class) bool {
	t := &f[c]
	return t.Width == 0 || !g.sampled(t.Step) || t.knows(g)
}

// Silent says whether the filter says nothing.
func (f *Filter) Silent() bool { return f[Letters].Width == 0 && f[Digits].Width == 0 }

// Denies says whether the filter is wrong about a text: says that it has not a gram that it has.
// before are the bytes in front of the text.
func (f *Filter) Denies(before, text []byte) (wrong bool) {
	Each(before, text, func(g Gram, c Class) { wrong = wrong || !f.Has(g, c) })
	return wrong
}

// Admit makes the filter say that the text may have a gram, and nothing about others of its class
// if it said otherwise, which it reports.
func (f *Filter) Admit(g Gram, c Class) bool {
	if f.Has(g, c) {
		return false
	}
	f[c] = Table{}
	return true
}
