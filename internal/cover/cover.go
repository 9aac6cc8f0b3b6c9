// Package cover picks the parts of a text that other places of it have most in common with: greedy
// maximum coverage of shingles, as dictionaries for zstd are made (its COVER algorithm), each
// weighted by the number of places that have it.
package cover

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"unsafe"
)

const (
	segmentSize = 4 << 10 // bytes at most of what is picked at once, which ends with a line if it can
	shingleSize = 24      // bytes
	sampling    = 16      // one shingle in so many counts, chosen by its hash
	maxBuckets  = 19      // log2 of how many there are at most
	minPlace    = 16 << 10
)

// segment is a part of the text that may be picked.
type segment struct {
	text     []byte
	at       int      // in the text
	shingles []uint32 // hashes
	gain     int      // an upper bound until it is counted again
}

// Pick gives at most size bytes of text, in the order of the text. Places are the parts that it is
// cut into, each of place bytes, or 16 KiB if that is more. A segment gains for each of its shingles,
// of which it has one a byte, the number of other places that have it, unless it is in known, or in
// a segment that gains more. Segments that gain less than 1/least for each byte are not picked, nor
// is noise. It picks nothing once ctx has ended.
func Pick(ctx context.Context, text []byte, place int, known []byte, size, least int) []byte {
	c := newCounter(len(text))
	var queue segments
	at := 0
	for p := range slices.Chunk(text, max(place, minPlace)) {
		if ctx.Err() != nil {
			return nil
		}
		c.place++ // more than 2^16 begin anew: some count less
		c.place = max(c.place, 1)
		for len(p) > 0 {
			s := &segment{text: p[:cut(p)], at: at}
			p, at = p[len(s.text):], at+len(s.text)
			s.shingles = c.shingles(s.text)
			c.count(s.shingles)
			queue = append(queue, s)
		}
	}
	c.cover(c.shingles(known))
	queue = slices.DeleteFunc(queue, func(s *segment) bool {
		s.gain = c.gain(s.shingles)
		return !s.pays(least) || s.random()
	})
	heap.Init(&queue)
	var picked segments
	for len(queue) > 0 {
		s := queue[0]
		// Gains only fall, so a segment that stays first when they are counted again is the best.
		s.gain = c.gain(s.shingles)
		if len(s.text) > size || !s.pays(least) {
			heap.Pop(&queue)
			continue
		}
		if heap.Fix(&queue, 0); queue[0] != s {
			continue
		}
		heap.Pop(&queue)
		c.cover(s.shingles)
		picked = append(picked, s)
		size -= len(s.text)
	}
	slices.SortFunc(picked, func(a, b *segment) int { return cmp.Compare(a.at, b.at) })
	var out []byte
	for _, s := range picked {
		out = append(out, s.text...)
	}
	return out
}

// Memory is about what picking from n bytes takes beside them, in bytes.
func Memory(n int) int {
	const perSegment = 128 // with a pointer
	return n/sampling*4 + n/segmentSize*perSegment + int(unsafe.Sizeof(bucket{}))<<buckets(n)
}

// buckets is log2 of how many there are for n bytes.
func buckets(n int) int {
	return min(bits.Len(uint(n/sampling/len(bucket{})))+1, maxBuckets)
}

// cut says how many bytes of a text are its first segment.
func cut(text []byte) int {
	n := min(segmentSize, len(text))
	if i := bytes.LastIndexByte(text[:n], '\n'); i >= 0 {
		return i + 1
	}
	return n
}

func (s *segment) pays(least int) bool { return s.gain > 0 && s.gain*sampling*least >= len(s.text) }

// random reports whether the bytes are so evenly spread that they are compressed, or noise, which
// low levels do not find again: more than as 128 bytes that are equally likely.
func (s *segment) random() bool {
	var counts [256]int
	for _, b := range s.text {
		counts[b]++
	}
	sum := 0
	for _, n := range counts {
		sum += n * n
	}
	return 128*sum < len(s.text)*len(s.text)
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

// segments is a heap with the segment of the greatest gain per byte first.
type segments []*segment

func (q segments) Len() int { return len(q) }

func (q segments) Less(i, j int) bool {
	a, b := q[i].gain*len(q[j].text), q[j].gain*len(q[i].text)
	return a > b || a == b && q[i].at < q[j].at
}

func (q segments) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *segments) Push(s any)   { *q = append(*q, s.(*segment)) }

func (q *segments) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	*q = (*q)[:last]
	return s
}
