package bwt

import (
	"cmp"
	"slices"
)

// tree is a Huffman code: symbols are coded as the bits on the way to their leaf, as few as may be,
// each by its own probability.
type tree struct {
	next [256][2]uint16 // of inner nodes, from 1 on, which is the root; leaves have 256 added
	code [256]uint16    // the bits of a symbol, the first one uppermost
}

const maxDepth = 15

// codeLengths gives the lengths of the codes of symbols, 0 for those that do not occur; one that is
// alone has 1.
func codeLengths(counts *[256]int) (lengths [256]uint8) {
	type item struct {
		weight  int
		symbols []byte
	}
	for least := 1; ; least *= 2 {
		var items []item
		for c, n := range counts {
			if n > 0 {
				items = append(items, item{max(n, least), []byte{byte(c)}})
			}
		}
		lengths = [256]uint8{}
		if len(items) == 1 {
			lengths[items[0].symbols[0]] = 1
			return lengths
		}
		byWeight := func(a, b item) int {
			return cmp.Or(cmp.Compare(a.weight, b.weight), cmp.Compare(a.symbols[0], b.symbols[0]))
		}
		slices.SortFunc(items, byWeight)
		for len(items) > 1 {
			joined := item{items[0].weight + items[1].weight, slices.Concat(items[0].symbols, items[1].symbols)}
			for _, c := range joined.symbols {
				lengths[c]++
			}
			items = items[2:]
			at, _ := slices.BinarySearchFunc(items, joined, byWeight)
			items = slices.Insert(items, at, joined)
		}
		if slices.Max(lengths[:]) <= maxDepth {
			return lengths
		}
	}
}

// build makes the tree of codes of these lengths, in the order of lengths and symbols. It reports
// whether there is one, that has no leaf missing but beside one that is alone.
func (t *tree) build(lengths *[256]uint8) bool {
	*t = tree{}
	nodes, code := 2, 0
	for depth := 1; depth <= maxDepth; depth++ {
		for c, n := range lengths {
			if int(n) != depth {
				continue
			}
			if code>>depth > 0 {
				return false
			}
			t.code[c] = uint16(code << (16 - depth))
			at := 1
			for i := depth - 1; ; i-- {
				link := &t.next[at][code>>i&1]
				if i == 0 {
					*link = 256 | uint16(c)
					break
				}
				if *link == 0 {
					if nodes == 256 {
						return false
					}
					*link = uint16(nodes)
					nodes++
				}
				at = int(*link)
			}
			code++
		}
		code <<= 1
	}
	if t.next[1][1] == 0 {
		t.next[1][1] = t.next[1][0]
		return t.next[1][0] >= 256
	}
	return code == 1<<(maxDepth+1)
}
