package mix

import "math/bits"

// deltas are histograms of the differences between numbers and what they are expected to be, by
// hash of what is known of the place. Small differences have buckets of their own, larger ones two
// for each power of two, or one below zero.
type deltas []histogram

type histogram struct {
	key   uint32
	total uint32               // sum of n
	like  uint32               // offset of the last number that was counted
	last  uint8                // bucket of its difference
	n     [deltaBuckets]uint16 // deltaWeight for each difference, less for those long ago
}

const (
	deltaBuckets = 153
	deltaZero    = 51 // the bucket of 0
	deltaAbove   = 16 // from here on buckets are wider, and from -deltaBelow down
	deltaBelow   = 8
	deltaLimit   = 1 << 47 // larger differences count as this, exclusive

	deltaWeight = 32
	deltaTotal  = 255 * deltaWeight
	deltaScale  = 30 // probabilities are in units of 2^-deltaScale

	histogramSize = (14 + 2*deltaBuckets + 3) &^ 3 // bytes
)

var (
	deltaLow   [deltaBuckets + 1]int64 // the least difference in each bucket
	deltaWidth [deltaBuckets]uint8     // how many there are, log2
)

func init() {
	for b := range deltaLow {
		n, width := b-deltaZero, 0
		switch {
		case n >= deltaAbove:
			n -= deltaAbove
			width = n/2 + 3
			deltaLow[b] = int64(n&1+2) << width
		case n > -deltaBelow:
			deltaLow[b] = int64(n)
		default:
			n = -n - deltaBelow
			width = n + 3
			deltaLow[b] = 1 - 2<<width
		}
		if b < deltaBuckets {
			deltaWidth[b] = uint8(width)
		}
	}
}

// deltaBucket is the bucket of the difference d.
func deltaBucket(d int64) int {
	switch {
	case d >= deltaAbove:
		d = min(d, deltaLimit-1)
		k := bits.Len64(uint64(d)) - 1
		return deltaZero + deltaAbove + (k-4)*2 + int(d>>(k-1)&1)
	case d > -deltaBelow:
		return deltaZero + int(d)
	}
	d = min(-d, deltaLimit-1)
	k := bits.Len64(uint64(d)) - 1
	return deltaZero - deltaBelow - (k - 3)
}

// find is the histogram of a key: a new one if another key has its place.
func (t deltas) find(key uint32) uint32 {
	at := key * 0x9e3779b1 >> (33 - uint32(bits.Len(uint(len(t)))))
	if h := &t[at]; h.key != key {
		*h = histogram{key: key}
	}
	return at
}

// add counts the difference d.
func (h *histogram) add(d int64) {
	b := deltaBucket(d)
	h.n[b] += deltaWeight
	h.last = uint8(b)
	if h.total += deltaWeight; h.total <= deltaTotal {
		return
	}
	h.total = 0
	for i, n := range h.n {
		h.n[i] = n / 2
		h.total += uint32(n / 2)
	}
}

// probabilities are those of the buckets.
type probabilities [deltaBuckets]uint32

const deltaFirst = 1 << deltaScale / deltaBuckets // what is known without any histogram

// weigh is what a count of 1 is worth, and what is known without the histogram, of 1<<16: the
// histogram is believed the more the more it has seen. trust is in units of 1/deltaWeight
// differences.
func (h *histogram) weigh(trust uint32) (unit, rest uint32) {
	return 1 << deltaScale / (h.total + trust), trust << 16 / (h.total + trust)
}

// probabilities sets p to what the histogram says.
func (h *histogram) probabilities(p *probabilities, trust uint32) {
	unit, rest := h.weigh(trust)
	first := uint32(deltaFirst * uint64(rest) >> 16)
	for b, n := range &h.n {
		p[b] = uint32(n)*unit + first
	}
}

// distribution is the probability of what is below each bucket.
type distribution [deltaBuckets + 1]uint32

// distribute sets d to what p and the histogram say.
func (h *histogram) distribute(p *probabilities, d *distribution, trust uint32) {
	unit, rest := h.weigh(trust)
	sum := uint32(0)
	for b, n := range &h.n {
		d[b] = sum
		sum += uint32(n)*unit + uint32(uint64(p[b])*uint64(rest)>>16)
	}
	d[deltaBuckets] = sum
}

// refine is the probability of bucket b, by the histogram and p.
func (h *histogram) refine(p uint32, b int, trust uint32) uint32 {
	unit, rest := h.weigh(trust)
	return uint32(h.n[b])*unit + uint32(uint64(p)*uint64(rest)>>16)
}

// below is the probability of a difference below x.
func (d *distribution) below(x int64) uint32 {
	if x <= -deltaLimit {
		return 0
	}
	if x >= deltaLimit {
		return d[deltaBuckets]
	}
	b := deltaBucket(x)
	offset, width := x-deltaLow[b], deltaWidth[b]
	if width > 20 { // the product has to fit into 64 bits
		offset >>= width - 20
		width = 20
	}
	return d[b] + uint32(uint64(d[b+1]-d[b])*uint64(offset)>>width)
}
