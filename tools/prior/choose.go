package main

import (
	"container/heap"
	"math/bits"
)

// choose picks pieces greedily by what they share with several sources: a stretch of text counts
// as often as there are sources that have it, but one; once it is in a piece that was picked, it
// counts no more. Digits count as one and the same. The best piece by its worth per byte comes
// first, until there are size bytes.
func choose(pieces [][]byte, sources map[string][][]byte, size int) [][]byte {
	worth := commonGrams(sources)
	q := &queue{}
	for _, p := range pieces {
		q.items = append(q.items, candidate{p, rate(p, worth)})
	}
	heap.Init(q)
	var chosen [][]byte
	for size > 0 && q.Len() > 0 && q.items[0].rate > 0 {
		best := &q.items[0]
		if now := rate(best.piece, worth); now < best.rate { // an older pick has some of it
			best.rate = now
			heap.Fix(q, 0)
			continue
		}
		p := heap.Pop(q).(candidate).piece
		for _, n := range gramSizes {
			eachGram(p, n, func(g uint64) { delete(worth, g) })
		}
		chosen, size = append(chosen, p), size-len(p)
	}
	return chosen
}

// gramSizes are the lengths of the stretches that are counted: a word, and a phrase.
var gramSizes = []int{5, 8, 14}

// pieceCost is what a piece costs besides its bytes.
const pieceCost = 12

func eachGram(text []byte, n int, f func(uint64)) {
	mask := uint64(1)
	for range n {
		mask *= rollMultiplier
	}
	h := uint64(0)
	for i, c := range text {
		h = h*rollMultiplier + symbol(c)
		if i >= n {
			h -= symbol(text[i-n]) * mask
		}
		if i >= n-1 {
			f(h*64 + uint64(n)) // of different lengths
		}
	}
}

func symbol(c byte) uint64 {
	if c >= '0' && c <= '9' {
		c = '0'
	}
	return uint64(c) + 1
}

// commonGrams is how much each gram that several sources have is worth.
func commonGrams(sources map[string][][]byte) map[uint64]int {
	if len(sources) > 64 {
		panic("too many sources for a word")
	}
	in := map[uint64]uint64{} // gram: set of sources
	i := 0
	for _, texts := range sources {
		for _, t := range texts {
			for _, n := range gramSizes {
				eachGram(t, n, func(g uint64) { in[g] |= 1 << i })
			}
		}
		i++
	}
	worth := map[uint64]int{}
	for g, set := range in {
		if n := bits.OnesCount64(set); n > 1 {
			worth[g] = n - 1
		}
	}
	return worth
}

// rate is the worth of a piece per byte. A gram that it has twice counts once.
func rate(piece []byte, worth map[uint64]int) float64 {
	sum := 0
	seen := map[uint64]bool{}
	for _, n := range gramSizes {
		eachGram(piece, n, func(g uint64) {
			if w := worth[g]; w > 0 && !seen[g] {
				seen[g] = true
				sum += w
			}
		})
	}
	return float64(sum) / float64(len(piece)+pieceCost)
}

type candidate struct {
	piece []byte
	rate  float64
}

type queue struct{ items []candidate }

func (q *queue) Len() int           { return len(q.items) }
func (q *queue) Less(i, j int) bool { return q.items[i].rate > q.items[j].rate }
func (q *queue) Swap(i, j int)      { q.items[i], q.items[j] = q.items[j], q.items[i] }
func (q *queue) Push(x any)         { q.items = append(q.items, x.(candidate)) }
func (q *queue) Pop() any {
	n := len(q.items) - 1
	x := q.items[n]
	q.items = q.items[:n]
	return x
}
