package bwt

import (
	"context"
	"slices"
)

// pollEvery is how many steps of a loop there are between two looks at the context: less than a
// millisecond's worth.
const pollEvery = 1 << 15

// symbol is a byte, or the name of a substring.
type symbol interface{ byte | int32 }

// sorter sorts suffixes by induced sorting: Nong, Zhang, Chan, "Two Efficient Algorithms for Linear
// Time Suffix Array Construction" (2011). A suffix is of type S if it is smaller than the one
// behind it, else of type L; behind the text is what is smaller than all symbols. An LMS suffix is
// one of type S behind one of type L.
//
// Where an array is in the making, 0 is no entry, and entries that nothing is to be induced from,
// in the direction of the pass, are complements of positions.
type sorter struct {
	ctx   context.Context
	heads [256]int32
}

// suffixArray fills sa, as long as text, with the positions of the suffixes of text in their order.
// It returns the cause of ctx's end.
func suffixArray(ctx context.Context, text []byte, sa []int32) error {
	s := &sorter{ctx: ctx}
	if !sortSuffixes(s, text, sa, s.heads[:]) {
		return context.Cause(ctx)
	}
	return nil
}

// sortSuffixes is suffixArray for any symbols; heads has one element for each. It returns false if
// the context has ended.
func sortSuffixes[T symbol](s *sorter, text []T, sa, heads []int32) bool {
	if len(text) < 2 {
		clear(sa)
		return true
	}
	m := placeLMS(text, sa, heads)
	if m > 1 {
		if !induceL(s, text, sa, heads, true) || !induceS(s, text, sa, heads, true) {
			return false
		}
		names, ok := nameLMS(s, text, sa, m)
		if !ok || names < m && !sortNamed(s, text, sa, m, names) {
			return false
		}
		spreadLMS(text, sa, m, heads)
	}
	return induceL(s, text, sa, heads, false) && induceS(s, text, sa, heads, false)
}

// startBuckets and endBuckets set heads to where the suffixes that begin with each symbol have
// their place in the array: to its start, or its end.
func startBuckets[T symbol](text []T, heads []int32) {
	endBuckets(text, heads)
	start := int32(0)
	for c, end := range heads {
		heads[c] = start
		start = end
	}
}

func endBuckets[T symbol](text []T, heads []int32) {
	clear(heads)
	for _, c := range text {
		heads[c]++
	}
	end := int32(0)
	for c, n := range heads {
		end += n
		heads[c] = end
	}
}

// nextLMS is the last LMS position below i, 0 if there is none. Suffix i is the last one of text,
// or an LMS suffix.
func nextLMS[T symbol](text []T, i int) int {
	for i--; i >= 0 && text[i] >= text[i+1]; i-- { // type L
	}
	for i--; i >= 0 && text[i] <= text[i+1]; i-- { // type S
	}
	return i + 1
}

// placeLMS puts the LMS positions, whose number is m, at the ends of their buckets, in any order.
func placeLMS[T symbol](text []T, sa, heads []int32) (m int) {
	clear(sa)
	endBuckets(text, heads)
	for i := nextLMS(text, len(text)-1); i > 0; i = nextLMS(text, i) {
		c := text[i]
		heads[c]--
		sa[heads[c]] = int32(i)
		m++
	}
	return m
}

// induceL puts the suffixes of type L into sa, from sorted LMS suffixes. Where these are but
// substrings, what others were induced from is taken out of the array.
func induceL[T symbol](s *sorter, text []T, sa, heads []int32, substrings bool) bool {
	startBuckets(text, heads)
	keep := int32(-1)
	if substrings {
		keep = 0
	}
	last := int32(len(text) - 1) // the suffix in front of the empty one, which is the first
	c := text[last]
	head := heads[c]
	sa[head] = last
	if text[last-1] < c {
		sa[head] = ^last
	}
	head++
	for from := 0; from < len(sa); from += pollEvery {
		if s.ctx.Err() != nil {
			return false
		}
		for i := from; i < min(from+pollEvery, len(sa)); i++ {
			j := sa[i]
			if j <= 0 {
				if j < 0 || !substrings {
					sa[i] = ^j
				}
				continue
			}
			sa[i] = ^j & keep
			j--
			if next := text[j]; next != c {
				heads[c] = head
				c = next
				head = heads[c]
			}
			if j > 0 && text[j-1] < c {
				j = ^j
			}
			sa[head] = j
			head++
		}
	}
	return true
}

// induceS puts the suffixes of type S into sa, from those of type L, in the place of LMS suffixes.
// With substrings, only those that are LMS suffixes are left in the array, as complements.
func induceS[T symbol](s *sorter, text []T, sa, heads []int32, substrings bool) bool {
	endBuckets(text, heads)
	c := T(0)
	head := heads[c]
	for to := len(sa); to > 0; to -= pollEvery {
		if s.ctx.Err() != nil {
			return false
		}
		for i := to - 1; i >= max(to-pollEvery, 0); i-- {
			j := sa[i]
			if j <= 0 {
				if !substrings {
					sa[i] = ^j
				}
				continue
			}
			if substrings {
				sa[i] = 0
			}
			j--
			if next := text[j]; next != c {
				heads[c] = head
				c = next
				head = heads[c]
			}
			switch {
			case j == 0:
				if !substrings {
					j = ^j
				}
			case text[j-1] > c:
				j = ^j
			}
			head--
			sa[head] = j
		}
	}
	return true
}

// nameLMS moves the LMS positions to the front of sa, and numbers their substrings in their order:
// names of them, of 1 and more, equal ones the same, at m + half their position.
func nameLMS[T symbol](s *sorter, text []T, sa []int32, m int) (names int, ok bool) {
	k := 0
	for i := 0; k < m; i++ {
		if i%pollEvery == 0 && s.ctx.Err() != nil {
			return 0, false
		}
		if j := sa[i]; j < 0 {
			sa[k] = ^j
			k++
		}
	}
	named := sa[m:]
	clear(named)
	end := len(text) - 1
	for i := nextLMS(text, end); i > 0; i = nextLMS(text, i) {
		named[i/2] = int32(end - i + 1) // the length, for now, with the first symbol of the next one
		end = i
	}
	var before []T
	for k, p := range sa[:m] {
		if k%pollEvery == 0 && s.ctx.Err() != nil {
			return 0, false
		}
		n := int(named[p/2])
		this := text[p : int(p)+n]
		if int(p)+n == len(text) || !slices.Equal(this, before) {
			names++
		}
		before = this
		if int(p)+n == len(text) {
			before = nil // what is behind the text is like nothing else
		}
		named[p/2] = int32(names)
	}
	return names, true
}

// sortNamed sorts the LMS suffixes at the front of sa, by the text of the names of their
// substrings.
func sortNamed[T symbol](s *sorter, text []T, sa []int32, m, names int) bool {
	reduced := sa[len(sa)-m:]
	k := m
	for i := m + (len(text)-1)/2; k > 0; i-- {
		if sa[i] > 0 {
			k--
			reduced[k] = sa[i] - 1
		}
	}
	heads := sa[m : len(sa)-m]
	if len(heads) < names {
		heads = make([]int32, names)
	}
	if !sortSuffixes(s, reduced, sa[:m], heads[:names]) {
		return false
	}
	k = m
	for i := nextLMS(text, len(text)-1); i > 0; i = nextLMS(text, i) {
		k--
		reduced[k] = int32(i)
	}
	for i, r := range sa[:m] {
		sa[i] = reduced[r]
	}
	return true
}

// spreadLMS moves the sorted LMS suffixes from the front of sa to the ends of their buckets.
func spreadLMS[T symbol](text []T, sa []int32, m int, heads []int32) {
	endBuckets(text, heads)
	clear(sa[m:])
	for i := m - 1; i >= 0; i-- {
		j := sa[i]
		sa[i] = 0
		c := text[j]
		heads[c]--
		sa[heads[c]] = j
	}
}
