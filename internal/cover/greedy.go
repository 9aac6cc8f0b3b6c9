package cover

import (
	"bytes"
	"container/heap"
)

// segmentSize is how many bytes at most are picked at once.
const segmentSize = 4 << 10

// Segments cuts a text into parts of up to 4 KiB, which end with a line if they can.
func Segments(text []byte) (list [][]byte) {
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

// Greedy picks segments of at most size bytes together, always the one that gains most for each
// byte, of equal ones the first, and tells add of each. What a segment gains must never grow; one
// that gains nothing is not picked.
func Greedy(segments [][]byte, size int, gain func(i int) int, add func(i int)) {
	var q queue
	for i, s := range segments {
		if g := gain(i); g > 0 {
			q = append(q, candidate{i, len(s), g})
		}
	}
	heap.Init(&q)
	for len(q) > 0 {
		first := q[0]
		if first.size <= size {
			// One that stays first when its gain is counted again is the best.
			q[0].gain = gain(first.index)
		} else {
			q[0].gain = 0
		}
		if q[0].gain == 0 {
			heap.Pop(&q)
			continue
		}
		if heap.Fix(&q, 0); q[0].index == first.index {
			heap.Pop(&q)
			add(first.index)
			size -= first.size
		}
	}
}

// candidate is a segment that may be picked.
type candidate struct {
	index, size int
	gain        int // an upper bound until it is counted again
}

// queue is a heap with the candidate of the greatest gain per byte first.
type queue []candidate

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	a, b := q[i].gain*q[j].size, q[j].gain*q[i].size
	return a > b || a == b && q[i].index < q[j].index
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(c any)   { *q = append(*q, c.(candidate)) }

func (q *queue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	*q = (*q)[:last]
	return c
}
