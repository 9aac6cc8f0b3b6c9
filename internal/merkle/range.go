package merkle

// maxLevel is the highest level of a node: leaves are counted in an int64.
const maxLevel = 62

// Range is a run of leaves of a tree, as the roots of the perfect trees in it, of up to 2^Height
// leaves each. It grows to its right.
type Range struct {
	First, End int64 // its leaves: the first one, and the one behind the last
	Height     int
	nodes      []node
}

// node is the root of a perfect tree of 2^level leaves, that begins at a multiple of as many.
type node struct {
	level int
	hash  Hash
}

// Add adds the root of a perfect tree of 2^level leaves.
func (r *Range) Add(level int, h Hash) {
	r.nodes = append(r.nodes, node{level, h})
	r.End += 1 << level
	for n := len(r.nodes) - 2; n >= 0; n-- {
		left, right := &r.nodes[n], &r.nodes[n+1]
		if left.level != right.level || left.level >= r.Height || r.End&(1<<(left.level+1)-1) != 0 {
			return
		}
		*left = node{left.level + 1, Node(left.hash, right.hash)}
		r.nodes = r.nodes[:n+1]
	}
}

// Append adds the leaves that follow, which are of trees not higher than those of r may be.
func (r *Range) Append(next *Range) {
	for _, n := range next.nodes {
		r.Add(n.level, n.hash)
	}
}

// Raise lets trees be higher.
func (r *Range) Raise(height int) {
	nodes := r.nodes
	r.Height, r.End, r.nodes = height, r.First, nodes[:0]
	for _, n := range nodes { // Add does not get ahead of this
		r.Add(n.level, n.hash)
	}
}

// From gives an empty range of which trees are as high as can be.
func From(first int64) *Range { return &Range{First: first, End: first, Height: maxLevel} }

// full is how many of the trees have the full height.
func (r *Range) full() int64 { return r.End >> r.Height }

// fold is the root of a tree whose perfect trees become lower to the right.
func fold(nodes []node) Hash {
	last := len(nodes) - 1
	h := nodes[last].hash
	for i := last - 1; i >= 0; i-- {
		h = Node(nodes[i].hash, h)
	}
	return h
}
