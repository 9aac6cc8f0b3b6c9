// Package dict makes dictionaries of samples: text that chunks of many small archives start from
// (stream.WithDictionary).
package dict

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/lmz-go/lmz/internal/cover"
)

const (
	shingleSize  = 12 // bytes
	shingleSlots = 24 // log2 of the most slots that shingles are hashed to
)

// Build gives at most size bytes of the samples: those segments that are picked first by the number
// of shingles per byte that no segment before them has (greedy maximum coverage), the first one
// last, nearest to the data. Of samples that hold nothing to learn from it is empty.
func Build(samples [][]byte, size int) []byte {
	total := 0
	var segments [][]byte
	for _, s := range samples {
		total += len(s)
		segments = append(segments, cover.Segments(s)...)
	}
	c := newCoverage(total)
	var picked [][]byte
	cover.Greedy(segments, size, func(i int) int { return c.gain(segments[i]) }, func(i int) {
		c.add(segments[i])
		picked = append(picked, segments[i])
	})
	slices.Reverse(picked)
	return bytes.Join(picked, nil)
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
