package mix

// level says what the model of a compression level consists of.
type level struct {
	contexts  []context
	sets      []set
	slotBits  uint32 // lines of slots, log2
	matchBits int
	placeBits int
	mapLimit  uint32
}

func allContexts() (c []context) {
	for i := range contextCount {
		c = append(c, i)
	}
	return c
}

var level6 = level{
	contexts: allContexts(), sets: []set{setMatch, setOrder0, setField, setOrder1, setTemplate, setToken, setVotes, setSkeleton},
	slotBits: 21, matchBits: 20, placeBits: 16, mapLimit: 255,
}
