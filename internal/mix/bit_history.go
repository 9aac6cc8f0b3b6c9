package mix

// A bit history is a state of one byte: the bits seen in a context, kept as all of them while there
// are at most three, and as counts of zeros and ones with the latest bit after that. Old evidence
// against the latest bit is partly forgotten, as in paq's and zpaq's state tables. State 0 is the
// empty history.

type history struct{ n0, n1, last, seq uint8 } // seq: the bits themselves while n0+n1 <= 3

// maxOther[b] bounds the larger count when the smaller is b.
var maxOther = [...]uint8{40, 20, 14, 8, 6, 5}

var (
	nextState  [256][2]uint8
	stateCount [256]uint8  // bits seen, bounded: which histories are worth keeping
	stateOdds  [256]uint16 // first guess of the probability of a 1
)

func init() {
	index := map[history]int{{}: 0}
	states := []history{{}}
	for i := 0; i < len(states); i++ {
		for y := range uint8(2) {
			h := states[i].next(y)
			j, ok := index[h]
			if !ok {
				j = len(states)
				index[h] = j
				states = append(states, h)
			}
			nextState[i][y] = uint8(j)
		}
	}
	if len(states) > 256 {
		panic("mix: too many bit histories")
	}
	for i, h := range states {
		n0, n1 := int(h.n0), int(h.n1)
		stateCount[i] = uint8(n0 + n1)
		stateOdds[i] = uint16((n1*10 + 4) * 65535 / ((n0+n1)*10 + 8))
	}
}

func (h history) next(y uint8) history {
	same, other := h.n0, h.n1
	if y == 1 {
		same, other = other, same
	}
	same++
	if other > 2 {
		other = discounted(other)
	}
	for !allowed(same, other) {
		same--
	}
	n := history{n0: same, n1: other, last: y}
	if y == 1 {
		n.n0, n.n1 = n.n1, n.n0
	}
	switch total := h.n0 + h.n1 + 1; {
	case total <= 3:
		n = history{n0: n.n0, n1: n.n1, last: 0, seq: h.seq<<1 | y}
	case n.n0 == 0 || n.n1 == 0:
		n.last = 0 // implied
	}
	return n
}

func discounted(n uint8) uint8 {
	switch {
	case n <= 4:
		return n - 1
	case n <= 6:
		return 4
	case n <= 10:
		return 5
	case n <= 20:
		return 6
	}
	return 7
}

func allowed(a, b uint8) bool {
	a, b = max(a, b), min(a, b)
	return int(b) < len(maxOther) && a <= maxOther[b]
}
