package coder

import (
	"fmt"
	"math/bits"
)

// huffman writes ranks in adaptive Huffman codes: N. Faller (1973), R. Gallager (1978), and D. E.
// Knuth, "Dynamic Huffman coding" (1985). After each rank its leaf and those above weigh one more,
// and the tree is one that Huffman's algorithm could have made. A rank that comes for the first
// time is the code of the leaf of weight 0 and its Elias gamma code, of rank + 1.
//
// A payload is the codes, from the upper bit of each byte on, and zeros up to a whole byte.
type huffman struct {
	// Nodes from the root, by falling weight; siblings are neighbours. The last one is the leaf of
	// weight 0.
	nodes []huffmanNode
	leaf  map[uint32]int32 // of each rank that has come

	dst  []byte
	acc  uint64 // bits that are not whole bytes yet
	have int    // of them
	code []byte // bits from a leaf to the root

	src []byte
	at  int64 // bits of it that were read
}

type huffmanNode struct {
	weight uint64
	parent int32
	child  int32 // the first of two; 0: a leaf
	rank   uint32
}

func (h *huffman) reset() {
	h.nodes = append(h.nodes[:0], huffmanNode{})
	h.leaf = map[uint32]int32{}
}

func (h *huffman) begin(dst []byte) {
	h.reset()
	h.dst, h.acc, h.have = dst, 0, 0
}

func (h *huffman) put(rank uint32) {
	leaf, known := h.leaf[rank]
	if !known {
		leaf = h.fresh()
	}
	h.code = h.code[:0]
	for i := leaf; i > 0; i = h.nodes[i].parent {
		h.code = append(h.code, byte(i-h.nodes[h.nodes[i].parent].child))
	}
	for i := len(h.code) - 1; i >= 0; i-- {
		h.write(uint64(h.code[i]), 1)
	}
	if !known {
		n := uint64(rank) + 1
		size := bits.Len64(n)
		h.write(0, size-1)
		h.write(n, size)
	}
	h.count(rank)
}

// write adds the lower n bits of value, 33 at most.
func (h *huffman) write(value uint64, n int) {
	h.acc, h.have = h.acc<<n|value, h.have+n
	for ; h.have >= 8; h.have -= 8 {
		h.dst = append(h.dst, byte(h.acc>>(h.have-8)))
	}
}

func (h *huffman) end() ([]byte, error) {
	h.write(0, 7) // up to a whole byte
	return h.dst, nil
}

func (h *huffman) open(src []byte) error {
	h.reset()
	h.src, h.at = src, 0
	return nil
}

func (h *huffman) next() (uint32, error) {
	i := int32(0)
	for h.nodes[i].child > 0 {
		bit, err := h.read()
		if err != nil {
			return 0, err
		}
		i = h.nodes[i].child + int32(bit)
	}
	rank := h.nodes[i].rank
	if i == h.fresh() {
		var err error
		if rank, err = h.gamma(); err != nil {
			return 0, err
		}
		if _, known := h.leaf[rank]; known {
			return 0, fmt.Errorf("%w: rank %d comes for the first time twice", ErrCorrupt, rank)
		}
	}
	h.count(rank)
	return rank, nil
}

// gamma reads a rank that comes for the first time.
func (h *huffman) gamma() (uint32, error) {
	zeros, n := 0, uint64(0)
	for n == 0 {
		bit, err := h.read()
		if err != nil {
			return 0, err
		}
		if n = uint64(bit); n == 0 {
			if zeros++; zeros > 31 {
				return 0, fmt.Errorf("%w: a rank of more than 32 bits", ErrCorrupt)
			}
		}
	}
	for range zeros {
		bit, err := h.read()
		if err != nil {
			return 0, err
		}
		n = n<<1 | uint64(bit)
	}
	return uint32(n - 1), nil
}

func (h *huffman) read() (bit byte, err error) {
	if h.at == 8*int64(len(h.src)) {
		return 0, fmt.Errorf("%w: ends within a rank", ErrCorrupt)
	}
	bit = h.src[h.at/8] >> (7 - h.at%8) & 1
	h.at++
	return bit, nil
}

func (h *huffman) close() error {
	if int64(len(h.src)) != (h.at+7)/8 || h.at%8 > 0 && h.src[h.at/8]<<(h.at%8) != 0 {
		return fmt.Errorf("%w: more behind the last rank", ErrCorrupt)
	}
	return nil
}

// fresh is the leaf of weight 0, which stands for all ranks that have not come.
func (h *huffman) fresh() int32 { return int32(len(h.nodes) - 1) }

// count gives the leaf of a rank, and all nodes above it, one more.
func (h *huffman) count(rank uint32) {
	i, known := h.leaf[rank]
	if !known {
		i = h.split(rank)
	}
	for {
		lead := i
		for lead > 0 && h.nodes[lead-1].weight == h.nodes[i].weight {
			lead--
		}
		if i > 0 && lead == h.nodes[i].parent { // the sibling weighs 0
			lead++
		}
		h.swap(i, lead)
		h.nodes[lead].weight++
		if i = lead; i == 0 {
			return
		}
		i = h.nodes[i].parent
	}
}

// split puts a node in the place of the leaf of weight 0, with that leaf and one for the rank below
// it.
func (h *huffman) split(rank uint32) int32 {
	i := h.fresh()
	h.nodes[i].child = i + 1
	h.nodes = append(h.nodes, huffmanNode{parent: i, rank: rank}, huffmanNode{parent: i})
	h.leaf[rank] = i + 1
	return i + 1
}

// swap lets two nodes of equal weight, neither above the other, change places with all below them.
func (h *huffman) swap(i, j int32) {
	if i == j {
		return
	}
	a, b := &h.nodes[i], &h.nodes[j]
	a.child, b.child = b.child, a.child
	a.rank, b.rank = b.rank, a.rank
	h.moved(i)
	h.moved(j)
}

// moved tells those below a node, or the list of leaves, where the node is now.
func (h *huffman) moved(i int32) {
	n := &h.nodes[i]
	if n.child == 0 {
		h.leaf[n.rank] = i
		return
	}
	h.nodes[n.child].parent, h.nodes[n.child+1].parent = i, i
}
