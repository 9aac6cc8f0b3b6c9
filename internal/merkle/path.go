package merkle

// Path is the audit path (RFC 6962, 2.1.1) of leaf i of a tree, of which left has the leaves in
// front of it and right those behind it; both may be of any height. What follows these, unless rest
// is nil, is the root of the leaves that are left.
func Path(i int64, left, right *Range, rest *Hash) (path []Hash) {
	l, r := left.nodes, right.nodes
	if rest != nil {
		r = append(r[:len(r):len(r)], node{-1, *rest})
	}
	for level := 0; len(l)+len(r) > 0; level++ {
		switch {
		case i>>level&1 == 1:
			path = append(path, l[len(l)-1].hash)
			l = l[:len(l)-1]
		case len(r) > 0 && r[0].level == level:
			path = append(path, r[0].hash)
			r = r[1:]
		case len(r) > 0: // what is left does not fill the tree beside this one
			path = append(path, fold(r))
			r = nil
		}
	}
	return path
}
