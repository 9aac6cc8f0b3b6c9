// Package dict makes dictionaries of samples: text that chunks of many small archives start from
// (stream.WithDictionary).
package dict

import (
	"bytes"
	"container/heap"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

const (
	segmentSize  = 4 << 10 // bytes at most of a segment, which ends with a line if it can
	shingleSize  = 12      // bytes
	shingleSlots = 24      // log2 of the most slots that shingles are hashed to
)

// segment is a part of a sample that a dictionary may be made of.
type segment struct {
	text  []byte
	index int // among all segments
	gain  int // shingles that it would add; an upper bound until they are counted again
}

// Build gives at most size bytes of the samples: those segments that are picked first by the number
// of shingles per byte that no segment before them has (greedy maximum coverage), the first one
// last, nearest to the data. Of samples that hold nothing to learn from it is empty.
func Build(samples [][]byte, size int) []byte {
	var queue segmentQueue
	total := 0
	for _, s := range samples {
		total += len(s)
		for _, text := range cutSegments(s) {
			queue = append(queue, &segment{text, len(queue), len(text)})
		}
	}
	heap.Init(&queue)
	c := newCoverage(total)
	var picked [][]byte
	for len(queue) > 0 {
		s := queue[0]
		if len(s.text) > size {
			heap.Pop(&queue)
			continue
		}
		// Gains only fall, so a segment that stays first when they are counted again is the best.
		s.gain = c.gain(s.text)
		if heap.Fix(&queue, 0); queue[0] != s {
			continue
		}
		if s.gain == 0 {
			break
		}
		heap.Pop(&queue)
		c.add(s.text)
		picked = append(picked, s.text)
		size -= len(s.text)
	}
	slices.Reverse(picked)
	return bytes.Join(picked, nil)
}

func cutSegments(text []byte) (list [][]byte) {
	for len(text) > 0 {
		n := min(segmentSize, len(text))
		if i := bytes.LastIndexByte(text[:n], '\n'); i >= 0 {
			n = i + 1
		}
		list = append(list, text[:n])
		text = text[n:]
	}
	return list
}

// coverage is the set of shingles that a dictionary has, by a hash.
type coverage struct {
	met   []uint32 // number of the visit that met the slot last, or covered
	visit uint32
	shift int
}

const covered = math.MaxUint32

func newCoverage(total int) *coverage {
	n := min(bits.Len(uint(total))+1, shingleSlots)
	return &coverage{met: make([]uint32, 1<<n), shift: 64 - n}
}

// slot of the shingle that text begins with.
func (c *coverage) slot(text []byte) *uint32 {
	h := binary.LittleEndian.Uint64(text)*0x9e3779b97f4a7c15 + uint64(binary.LittleEndian.Uint32(text[8:]))
	return &c.met[h*0xd6e8feb86659fd93>>c.shift]
}

// gain counts the different shingles of text that are not covered.
func (c *coverage) gain(text []byte) (n int) {
	c.visit++
	for ; len(text) >= shingleSize; text = text[1:] {
		if s := c.slot(text); *s != covered && *s != c.visit {
			*s = c.visit
			n++
		}
	}
	return n
}

func (c *coverage) add(text []byte) {
	for ; len(text) >= shingleSize; text = text[1:] {
		*c.slot(text) = covered
	}
}

// segmentQueue is a heap with the segment of the greatest gain per byte first.
type segmentQueue []*segment

func (q segmentQueue) Len() int { return len(q) }

func (q segmentQueue) Less(i, j int) bool {
	a, b := q[i].gain*len(q[j].text), q[j].gain*len(q[i].text)
	return a > b || a == b && q[i].index < q[j].index
}

func (q segmentQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *segmentQueue) Push(s any)   { *q = append(*q, s.(*segment)) }

func (q *segmentQueue) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	*q = (*q)[:last]
	return s
}
