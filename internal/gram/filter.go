package gram

import "math/bits"

// None is the shift of a class that a filter says nothing about.
const None = 15

// Filter says which grams a text may have, beyond those that are known: of each class those of
// which as many of the lowest bits of the hash as Shift says are zero. A gram is in the text only
// if its bit in Table is set.
type Filter struct {
	Shift [Classes]int // 0 … MaxShift, or None
	Table []byte
}

// Build makes the filter of a text, of at most limit bytes; one without information if the limit is
// 0. before are the bytes in front of the text.
func Build(before, text []byte, known *Known, limit int) Filter {
	f := Filter{Shift: [Classes]int{None, None}}
	keys := grams(limit)
	if keys == 0 {
		return f
	}
	// Words are what is looked for most, and cost little. Numbers never end: a quarter is what they
	// may take.
	letters, others := NewSample(keys-keys/4), NewSample(keys/4)
	Each(before, text, func(g Gram, c Class) {
		if known.Has(g) {
			return
		}
		if c == Letters {
			letters.Add(g)
		} else {
			others.Add(g)
		}
	})
	n, samples := 0, [Classes]*Sample{Letters: letters, Others: others}
	for c, s := range samples {
		if s.Len() > s.limit { // whatever the shift
			samples[c] = nil
			continue
		}
		n += s.Len()
		f.Shift[c] = s.Shift()
	}
	f.Table = make([]byte, tableSize(n))
	for _, s := range samples {
		if s == nil {
			continue
		}
		s.Each(func(g Gram) {
			i := place(g, len(f.Table))
			f.Table[i/8] |= 1 << (i % 8)
		})
	}
	return f
}

// tableSize is the bytes of a table for n grams, of which half the bits are set then: 1/ln 2 bits
// for each.
func tableSize(n int) int { return (n*1443 + 7999) / 8000 }

// grams is how many fit into a table of size bytes.
func grams(size int) int { return size * 8000 / 1443 }

// place is the bit of a gram in a table of size bytes, of which there must be some.
func place(g Gram, size int) int {
	high, _ := bits.Mul64(uint64(g)<<32, uint64(size)*8)
	return int(high)
}

// Denies says whether the filter is wrong about a text: says that it has not a gram that it has.
// before are the bytes in front of the text.
func (f *Filter) Denies(before, text []byte, known *Known) (wrong bool) {
	Each(before, text, func(g Gram, c Class) { wrong = wrong || !known.Has(g) && !f.Has(g, c) })
	return wrong
}

// Admit makes the filter say that the text may have a gram that is not known. It reports whether
// the filter said otherwise.
func (f *Filter) Admit(g Gram, c Class) bool {
	switch {
	case f.Has(g, c):
		return false
	case len(f.Table) == 0:
		f.Shift[c] = None
	default:
		i := place(g, len(f.Table))
		f.Table[i/8] |= 1 << (i % 8)
	}
	return true
}

// Has says whether the text may have a gram that is not known.
func (f *Filter) Has(g Gram, c Class) bool {
	if f.Shift[c] == None || !g.sampled(f.Shift[c]) {
		return true
	}
	if len(f.Table) == 0 {
		return false
	}
	i := place(g, len(f.Table))
	return f.Table[i/8]>>(i%8)&1 == 1
}
