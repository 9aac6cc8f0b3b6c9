package gram

import "math/bits"

// None is the shift of a class that a filter says nothing about.
const None = 15

// Filter says which grams a text may have, for each class.
type Filter [Classes]Table

// Table says which grams of a class a text may have: of those of which as many of the lowest bits
// of the hash as Shift says are zero, the ones whose bit is set, and of the others all.
type Table struct {
	Shift int // 0 … MaxShift, or None
	Bits  []byte
}

// Unknown is the filter that says nothing.
var Unknown = Filter{{Shift: None}, {Shift: None}}

// The bits for a gram of each class, where there is room. Words have few grams to be told by, and a
// text has few words, so they get more.
var wantedBits = [Classes]int{Letters: 4, Digits: 2}

// A table is told by the most grams for a bit, in tenths, that it is filled with: the next shift
// would have half as many. Between 0.7 and 1.4 identifiers are told apart equally well.
const mostGrams = 14

// Build makes the filter of a text, with tables of at most limit bytes together; Unknown if that is
// less than two. before are the bytes in front of the text.
func Build(before, text []byte, limit int) Filter {
	if limit < 2 {
		return Unknown
	}
	var samples [Classes]*Sample
	for c := range samples {
		samples[c] = NewSample(limit * 8 * mostGrams / 10)
	}
	Each(before, text, func(g Gram, c Class) { samples[c].Add(g) })

	words, numbers := samples[Letters], samples[Digits]
	// Words may take half, and what numbers leave.
	wanted := roomFor(numbers, Digits)
	size := min(roomFor(words, Letters), max(limit/2, limit-wanted))
	return Filter{newTable(words, size), newTable(numbers, min(wanted, limit-size))}
}

// roomFor is the bytes of a table that has all bits that are wanted.
func roomFor(s *Sample, c Class) int { return (s.Len()*wantedBits[c] + 7) / 8 }

// newTable makes one of size bytes, which are none only without a gram.
func newTable(s *Sample, size int) Table {
	if !s.thinTo(size * 8 * mostGrams / 10) {
		return Table{Shift: None}
	}
	t := Table{s.Shift(), make([]byte, size)}
	s.Each(t.set)
	return t
}

// place is the bit of a gram in a table of size bytes, of which there must be some.
func place(g Gram, size int) int {
	high, _ := bits.Mul64(uint64(g)<<32, uint64(size)*8)
	return int(high)
}

func (t *Table) set(g Gram) {
	i := place(g, len(t.Bits))
	t.Bits[i/8] |= 1 << (i % 8)
}

// Has says whether the text may have a gram.
func (f *Filter) Has(g Gram, c Class) bool {
	t := &f[c]
	if t.Shift == None || !g.sampled(t.Shift) {
		return true
	}
	if len(t.Bits) == 0 {
		return false
	}
	i := place(g, len(t.Bits))
	return t.Bits[i/8]>>(i%8)&1 == 1
}

// Silent says whether the filter says nothing.
func (f *Filter) Silent() bool { return f[Letters].Shift == None && f[Digits].Shift == None }

// Denies says whether the filter is wrong about a text: says that it has not a gram that it has.
// before are the bytes in front of the text.
func (f *Filter) Denies(before, text []byte) (wrong bool) {
	Each(before, text, func(g Gram, c Class) { wrong = wrong || !f.Has(g, c) })
	return wrong
}

// Admit makes the filter say that the text may have a gram. It reports whether the filter said
// otherwise.
func (f *Filter) Admit(g Gram, c Class) bool {
	switch t := &f[c]; {
	case f.Has(g, c):
		return false
	case len(t.Bits) == 0:
		t.Shift = None
	default:
		t.set(g)
	}
	return true
}
