package main

// longestCopy is how many bytes of the pool a piece may repeat in a row.
const longestCopy = 59

// copied finds texts that hold longestCopy+1 bytes in a row of a pool of others.
type copied struct {
	windows map[uint64][]int // hash of each such stretch of the texts: which of them hold it
	found   map[int]bool
}

const rollMultiplier = 0x9e3779b97f4a7c15

// rollOut is what the byte that leaves a window was multiplied by.
var rollOut = func() uint64 {
	v := uint64(1)
	for range longestCopy + 1 {
		v *= rollMultiplier
	}
	return v
}()

// eachWindow calls f with the hash of each stretch of longestCopy+1 bytes of text.
func eachWindow(text []byte, f func(hash uint64)) {
	h := uint64(0)
	for i, c := range text {
		h = h*rollMultiplier + uint64(c) + 1
		if i > longestCopy {
			h -= (uint64(text[i-longestCopy-1]) + 1) * rollOut
		}
		if i >= longestCopy {
			f(h)
		}
	}
}

func newCopied(texts [][]byte) *copied {
	c := &copied{map[uint64][]int{}, map[int]bool{}}
	for i, t := range texts {
		eachWindow(t, func(h uint64) {
			if w := c.windows[h]; len(w) == 0 || w[len(w)-1] != i {
				c.windows[h] = append(w, i)
			}
		})
	}
	return c
}

// scan looks through a text of the pool. Equal hashes count as equal bytes: a piece too many may be
// dropped.
func (c *copied) scan(text []byte) {
	eachWindow(text, func(h uint64) {
		for _, i := range c.windows[h] {
			c.found[i] = true
		}
	})
}
