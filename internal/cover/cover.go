// Package cover picks the parts of a text that other places of it have most in common with: greedy
// maximum coverage of shingles, as dictionaries for zstd are made (its COVER algorithm), each
// weighted by the number of places that have it.
package cover

import (
	"context"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"unsafe"
)

const (
	shingleSize = 24 // bytes
	sampling    = 16 // one shingle in so many counts, chosen by its hash
	maxBuckets  = 19 // log2 of how many there are at most
	minPlace    = 16 << 10
)

// Pick gives at most size bytes of text, in the order of the text. Places are the parts that it is
// cut into, each of place bytes, or 16 KiB if that is more. A segment gains for each of its shingles,
// of which it has one a byte, the number of other places that have it, unless it is in known, or in
// a segment that gains more. Segments that gain less than 1/least for each byte are not picked, nor
// is noise. It picks nothing once ctx has ended.
func Pick(ctx context.Context, text []byte, place int, known []byte, size, least int) []byte {
	c := newCounter(len(text))
	var segments [][]byte
	var hashes [][]uint32 // of the shingles of each
	for p := range slices.Chunk(text, max(place, minPlace)) {
		if ctx.Err() != nil {
			return nil
		}
		c.place++ // more than 2^16 begin anew: some count less
		c.place = max(c.place, 1)
		for _, s := range Segments(p) {
			h := c.shingles(s)
			c.count(h)
			segments, hashes = append(segments, s), append(hashes, h)
		}
	}
	c.cover(c.shingles(known))
	for i, s := range segments {
		if random(s) {
			hashes[i] = nil
		}
	}
	var picked []int
	Greedy(segments, size, func(i int) int {
		gain := c.gain(hashes[i])
		if gain*sampling*least < len(segments[i]) {
			return 0
		}
		return gain
	}, func(i int) {
		c.cover(hashes[i])
		picked = append(picked, i)
	})
	slices.Sort(picked)
	var out []byte
	for _, i := range picked {
		out = append(out, segments[i]...)
	}
	return out
}

// Memory is about what picking from n bytes takes beside them, in bytes.
func Memory(n int) int {
	const perSegment = 128
	return n/sampling*4 + n/segmentSize*perSegment + int(unsafe.Sizeof(bucket{}))<<buckets(n)
}

// buckets is log2 of how many there are for n bytes.
func buckets(n int) int {
	return min(bits.Len(uint(n/sampling/len(bucket{})))+1, maxBuckets)
}

// random reports whether the bytes are so evenly spread that they are compressed, or noise, which
// low levels do not find again: more than as 128 bytes that are equally likely.
func random(text []byte) bool {
	var counts [256]int
	for _, b := range text {
		counts[b]++
	}
	sum := 0
	for _, n := range counts {
		sum += n * n
	}
	return 128*sum < len(text)*len(text)
}

// counter knows in how many places shingles are.
type counter struct {
	buckets []bucket
	place   uint16   // that is counted, from 1 on
	hashes  []uint32 // memory for shingles
}

// bucket holds some of the shingles that share the lower bits of their hash.
type bucket [4]shingle

type shingle struct {
	tag    uint16 // the upper bits of the hash
	place  uint16 // that had it last; 0: there is no shingle
	others uint16 // places but one; 0 as well for what is covered
}

func newCounter(total int) *counter {
	return &counter{buckets: make([]bucket, 1<<buckets(total))}
}

// shingles gives hashes of the different shingles of text that count.
func (c *counter) shingles(text []byte) []uint32 {
	hashes := c.hashes[:0]
	sum := uint32(0) // its upper byte depends on the last 24 bytes
	for i, b := range text {
		sum = sum<<1 + uint32(b)*0x9e3779b1
		if sum>>20%sampling != 0 || i < shingleSize-1 {
			continue
		}
		s := text[i-shingleSize+1 : i+1]
		h := binary.LittleEndian.Uint64(s) * 0x9e3779b97f4a7c15
		h = (h ^ h>>29 ^ binary.LittleEndian.Uint64(s[8:])) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>32 ^ binary.LittleEndian.Uint64(s[16:])) * 0xd6e8feb86659fd93
		hashes = append(hashes, uint32(h>>32))
	}
	slices.Sort(hashes)
	c.hashes = hashes
	return slices.Clone(slices.Compact(hashes))
}

// find gives the shingle of a hash; nil: it is not known.
func (c *counter) find(hash uint32) *shingle {
	b := &c.buckets[hash&uint32(len(c.buckets)-1)]
	for i := range b {
		if s := &b[i]; s.tag == uint16(hash>>16) && s.place > 0 {
			return s
		}
	}
	return nil
}

// count counts shingles of the place. Where a bucket is full, what has been in one place alone, and
// longest ago, is forgotten.
func (c *counter) count(hashes []uint32) {
	for _, hash := range hashes {
		if s := c.find(hash); s != nil {
			if s.place != c.place && s.others < math.MaxUint16 {
				s.others++
			}
			s.place = c.place
			continue
		}
		b := &c.buckets[hash&uint32(len(c.buckets)-1)]
		old := 0
		for i := range b {
			if b[i].others < b[old].others || b[i].others == b[old].others && b[i].place < b[old].place {
				old = i
			}
		}
		if b[old].others == 0 {
			b[old] = shingle{tag: uint16(hash >> 16), place: c.place}
		}
	}
}

// gain sums what shingles weigh.
func (c *counter) gain(hashes []uint32) (n int) {
	for _, hash := range hashes {
		if s := c.find(hash); s != nil {
			n += int(s.others)
		}
	}
	return n
}

func (c *counter) cover(hashes []uint32) {
	for _, hash := range hashes {
		if s := c.find(hash); s != nil {
			s.others = 0
		}
	}
}
