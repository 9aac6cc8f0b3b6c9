package bwt

import "testing"

// Every code of symbols that a text may have can be built, and is as long as it may be at most.
func TestCodeLengths(t *testing.T) {
	fibonacci := [256]int{}
	a, b := 1, 1
	for i := range 40 {
		fibonacci[i*5] = a
		a, b = b, a+b
	}
	equal := [256]int{}
	fill(equal[:], 9)
	for name, counts := range map[string][256]int{
		"fibonacci": fibonacci, "equal": equal, "one": {7: 3}, "two": {7: 3, 255: 1}, "last": {255: 1}, "skewed": {0: 1 << 30, 1: 1, 2: 1, 3: 1},
	} {
		lengths := codeLengths(&counts)
		for c, n := range lengths {
			if (n > 0) != (counts[c] > 0) || n > maxDepth {
				t.Errorf("%s: symbol %d, which occurs %d times, has a code of %d bits", name, c, counts[c], n)
			}
		}
		var tree tree
		if !tree.build(&lengths) {
			t.Fatalf("%s: %v makes no tree", name, lengths)
		}
		for c, n := range lengths {
			node := uint16(1)
			for i := range n {
				if node >= 256 {
					t.Fatalf("%s: symbol %d has a leaf above it", name, c)
				}
				node = tree.next[node][tree.code[c]>>(15-i)&1]
			}
			if n > 0 && node != 256|uint16(c) {
				t.Errorf("%s: the code of symbol %d ends at %d", name, c, node)
			}
		}
	}
	for name, lengths := range map[string][256]uint8{
		"none": {}, "one of two": {3: 2}, "a leaf missing": {1: 1, 2: 2}, "too many": {1, 1, 1}, "too many below": {1, 2, 2, 2},
	} {
		var tree tree
		if tree.build(&lengths) {
			t.Errorf("%s makes a tree", name)
		}
	}
}

// The logistic functions are inverse to each other, and keep within their ranges.
func TestLogistic(t *testing.T) {
	last := int32(0)
	for x := int32(-stretchMax - 10); x <= stretchMax+10; x++ {
		p := squash(x)
		if p < 1 || p > 65535 || p < last {
			t.Fatalf("squash(%d) is %d, behind %d", x, p, last)
		}
		last = p
	}
	if squash(0) != 1<<15 {
		t.Errorf("squash(0) is %d", squash(0))
	}
	for i, x := range stretchTable {
		if p := squash(int32(x)) >> 4; int(x) < stretchMax && x > -stretchMax && (p < int32(i)-8 || p > int32(i)+8) {
			t.Errorf("squash(stretch(%d)) is %d", i<<4, p<<4)
		}
	}
}
