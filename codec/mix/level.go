package mix

// level says what the model of a compression level consists of.
type level struct {
	contexts   []context
	experts    []int
	sets       []set
	slotBits   uint32 // lines of slots, log2
	matchBits  int    // entries of each match table, log2
	placeBits  int    // entries of each table of places, log2
	apmBits    int    // contexts of each APM, log2
	longLength int    // bytes that a long match begins with
	mapLimit   uint32 // observations after which a map's rate stays
	guessOver  uint32 // guess whole bytes that are at least this probable, in units of 1/65536; 0 for never
}

func allContexts() (c []context) {
	for i := range contextCount {
		c = append(c, i)
	}
	return c
}

var (
	allExperts = []int{longMatch, midMatch, shortMatch, lineMatch, templateMatch, templateOlder, keyMatch, copyMatch, digitMatch, forecastMatch}
	allSets    = []set{setMatch, setOrder0, setField, setOrder1, setTemplate, setToken, setVotes, setSkeleton}
)

var (
	fastest = level{
		contexts: []context{order1, order2, order3, order4, tokenInSkeleton},
		experts:  []int{longMatch, shortMatch, templateMatch}, sets: []set{setTemplate},
		slotBits: 16, matchBits: 16, placeBits: 13, apmBits: 10, longLength: 20, mapLimit: 255, guessOver: 40000,
	}
	fast = level{
		contexts: []context{order1, order2, order3, order4, order6, wordAfter1, tokenInSkeleton, tokenAfterKey, templateOrder1, aboveOrder1, skeletonTemplate},
		experts:  []int{longMatch, shortMatch, templateMatch, templateOlder, keyMatch, copyMatch}, sets: []set{setMatch, setOrder0, setTemplate},
		slotBits: 18, matchBits: 18, placeBits: 14, apmBits: 12, longLength: 20, mapLimit: 255, guessOver: 64500,
	}
	normal = level{
		contexts: allContexts(), experts: allExperts, sets: allSets,
		slotBits: 20, matchBits: 20, placeBits: 16, apmBits: 16, longLength: 20, mapLimit: 255, guessOver: 65300,
	}
)

// levels is indexed by the number of the level.
var levels = [...]level{1: fastest, 2: fastest, 3: fast, 4: fast, 5: normal, 6: normal, 7: normal, 8: normal, 9: normal}
