package mix

import (
	"context"
	"slices"
)

// level says what the model of a compression level consists of.
type level struct {
	contexts    []contextID
	experts     []int
	sets        []set
	slotBits    uint32 // lines of slots, log2
	matchBits   int    // entries of each match table, log2
	placeBits   int    // entries of each table of places, log2
	curves      int    // how many APMs there are: that of the skeleton alone, or all
	apmBits     int    // contexts of each, log2
	directBits  uint32 // probabilities of each context, log2; 0: there are bit histories
	guessBits   int    // entries of each table of guesses, log2
	longLength  int    // bytes that a long match begins with
	mapLimit    uint32 // observations after which a map's rate stays
	stretchOver uint32 // guess stretches that are at least this probable, in units of 1/65536
	guessOver   uint32 // and bytes
	prior       preparation
	rate        rate  // of the mixers
	numbers     bool  // numbers are foreseen by their differences
	noiseBits   int   // places that are watched for noise, log2; 0: none
	noiseBelow  int32 // what the contexts save there at most, in units of 1/4096 bit
}

// rate is how fast the weights of mixers move: by input * error * rate, which begins at initialRate
// and falls by its 2^-decay part every 64 bits until it is final.
type rate struct {
	final, second int32 // of the first and the second layer
	decay         uint
}

var (
	contexts0 = []contextID{order2, wordOnly, templateOrder1, matchOrder1}
	contexts1 = []contextID{order1, order3, wordOnly, templateOrder1}
	contexts2 = []contextID{order2, order4, wordOnly, templateOrder1, matchOrder1, skeletonTemplate}
	contexts3 = []contextID{order2, order4, wordOnly, templateOrder1, matchOrder1, templateBoth}
	contexts4 = append(contexts3[:6:6], order6, tokenAfterKey, skeletonTemplate, candidates)
	contexts5 = []contextID{order1, order2, order3, order4, order6, order8, wordOnly, wordAfter1, wordAfter3, tokenInField,
		templateOrder1, templateBoth, skeletonTemplate, indirectOrder1, indirectOrder2, sparse23, matchOrder1, candidates, wordLetters,
		rowTwoAbove, rowPhase}
	contexts7 = append(contexts5[:21:21], wordSkip1, tokenInSkeleton, tokenAfterKey, aboveOrder2, columnAbove, templateOrder3,
		fieldAbove, lineSoFar, sparse34, keyShape, columnOrder1, openingToken, openingField, wordLettersSkip, sparse24, rowAbove)
	everyContext = func() (all []contextID) {
		for c := range firstProse {
			all = append(all, c)
		}
		return all
	}()
	proseContexts = []contextID{order1, order2, order3, order4, order5, order6, wordLetters, wordLetters1, wordLetters2, wordLetters3,
		wordLettersSkip, wordSuffix, wordInSentence, wordCase, wordOnly, indirectOrder1, indirectOrder2, sparse13, sparse23,
		columnOrder1, matchOrder1, candidates}

	// foreignContexts are those of the first levels for what is no text.
	foreignContexts = [...][]contextID{
		{order1, order2, tokenInSkeleton, matchOrder1},
		{order1, order2, order3, tokenInSkeleton},
		{order1, order2, order3, order4, tokenInSkeleton, order6, wordAfter1, skeletonTemplate},
		{order1, order2, order3, order4, tokenAfterKey, templateOrder1, skeletonTemplate, aboveOrder1},
		{order1, order2, order3, order4, order6, wordAfter1, tokenInSkeleton, tokenAfterKey, templateOrder1, aboveOrder1,
			skeletonTemplate, order5, wordAfter2, tokenInField, templateBoth, lineSoFar, candidates, rowAbove},
	}

	experts1        = []int{longMatch, shortMatch, templateMatch}
	experts3        = append(experts1[:3:3], copyMatch)
	foreignExperts3 = append(experts3[:4:4], templateOlder, keyMatch)
	everyExpert     = []int{longMatch, midMatch, shortMatch, lineMatch, templateMatch, templateOlder, keyMatch, copyMatch, digitMatch, forecastMatch}

	sets1     = []set{setTemplate}
	sets3     = []set{setMatch, setOrder0, setTemplate}
	sets5     = []set{setMatch, setOrder0, setOrder1, setTemplate, setToken, setSkeleton}
	sets7     = append(sets5[:6:6], setKey)
	everySet  = []set{setMatch, setOrder0, setField, setOrder1, setTemplate, setToken, setVotes, setSkeleton, setKey}
	proseSets = append(everySet[:9:9], setOrders)

	fastPrior  = preparation{64 << 10, 32 << 10, 8 << 10}
	midPrior   = preparation{256 << 10, 256 << 10, 64 << 10}
	wholePrior = preparation{256 << 10, 256 << 10, 128 << 10}

	logRate   = rate{6000, 4000, 8}
	proseRate = rate{2048, 2000, 11}
)

// levels is indexed by the number of the level. It is part of the format.
var levels = [...]level{
	0: {contexts0, experts1, nil, 0, 15, 13, 0, 0, 18, 14, 20, 255, 20000, 16000, preparation{64 << 10, 0, 0}, logRate, false, 11, -500},
	1: {contexts1, experts1, sets1, 16, 16, 13, 1, 12, 0, 14, 20, 255, 30000, 30000, fastPrior, logRate, false, 11, 200},
	2: {contexts2, experts1, sets3, 17, 17, 13, 1, 12, 0, 15, 20, 255, 50000, 50000, fastPrior, logRate, false, 11, 200},
	3: {contexts3, experts3, sets3, 18, 18, 14, 1, 14, 0, 15, 20, 255, 52000, 60000, midPrior, logRate, false, 11, 200},
	4: {contexts4, everyExpert, sets3, 19, 18, 15, 4, 14, 0, 16, 20, 255, 62000, 62000, midPrior, logRate, true, 12, 200},
	5: {contexts5, everyExpert, sets5, 19, 19, 16, 4, 16, 0, 16, 20, 255, 62000, 62000, wholePrior, logRate, true, 12, 200},
	6: {contexts5, everyExpert, sets5, 20, 20, 16, 4, 16, 0, 16, 20, 255, 62000, 64500, wholePrior, logRate, true, 12, 200},
	7: {contexts7, everyExpert, sets7, 21, 20, 16, 4, 16, 0, 16, 20, 255, 64000, 65200, wholePrior, logRate, true, 12, 100},
	8: {everyContext, everyExpert, everySet, 22, 21, 17, 4, 16, 0, 16, 20, 255, 65000, 65300, wholePrior, logRate, true, 12, 100},
	9: {everyContext, everyExpert, everySet, 22, 22, 17, 4, 16, 0, 16, 20, 255, 65300, 65400, wholePrior, logRate, true, 12, 100},
}

// proseLevels is levels for prose: fewer contexts, made for words, take less of the tables, and
// slower weights.
var proseLevels = func() (prose [len(levels)]level) {
	for i, l := range levels {
		if i >= firstProseLevel {
			l.contexts, l.sets, l.rate, l.numbers = proseContexts, proseSets, proseRate, false
			l.guessOver, l.noiseBits = max(l.guessOver, guessRarely), 0
		}
		prose[i] = l
	}
	prose[9].slotBits++
	return prose
}()

// tinyLevel takes the place of the levels with a prior for tiny chunks that start from nothing:
// what is spent on them is to begin, not to code.
var tinyLevel = level{contexts3, experts3, sets3, 14, 14, 12, 4, 8, 0, 14, 20, 255, 60000, 60000, preparation{16 << 10, 8 << 10, 0}, logRate, false, 0, 0}

// guessRarely is guessOver for what is no log, at least: few of its bytes are guessed right.
const guessRarely = 65000

// firstProseLevel is the first level that tells prose from logs.
const firstProseLevel = 5

// IsProse reports whether text is prose: hardly any digits, and mostly small letters and spaces.
func IsProse(text []byte) bool {
	var n letters
	n.count(text)
	return n.prose()
}

// IsForeign reports whether text is none: full of control characters.
func IsForeign(text []byte) bool {
	var n letters
	n.count(text)
	return n.foreign()
}

// letters tells by the bytes of a text what sort it is of.
type letters struct {
	all, small, digits int
	changes, controls  int // bytes that differ from the one before: all, and those that no text has
	last               byte
}

// lettersOf counts those of a long text. What it says means nothing if ctx has ended.
func lettersOf(ctx context.Context, text []byte) (n letters) {
	for part := range slices.Chunk(text, clearedAtOnce) {
		n.count(part)
		if ctx.Err() != nil {
			break
		}
	}
	return n
}

func (n *letters) count(text []byte) {
	l := *n
	l.all += len(text)
	for _, c := range text {
		k := &letterKinds[c]
		changed := (int(c^l.last) + 255) >> 8
		l.small += k.small
		l.digits += k.digits
		l.changes += changed
		l.controls += k.controls & changed
		l.last = c
	}
	*n = l
}

// letterKinds is what each byte counts for: nothing of it depends on a branch that is hard to
// foresee.
var letterKinds = func() (kinds [256]struct{ small, digits, controls int }) {
	for i := range kinds {
		c, k := byte(i), &kinds[i]
		k.small = int(flag(c == ' ' || c >= 'a' && c <= 'z'))
		k.digits = int(flag(c >= '0' && c <= '9'))
		k.controls = int(flag(c < ' ' && c != '\n' && c != '\r' && c != '\t'))
	}
	return kinds
}()

func (n letters) prose() bool {
	return 25*int64(n.digits) < int64(n.all) && 8*int64(n.small) > 5*int64(n.all)
}

// foreign says that it is no text, of which the prior and what was learnt from texts know nothing.
// Fields filled up with zeros, as in archives of tar, or colours of a terminal do not make it that.
func (n letters) foreign() bool { return 8*int64(n.controls) > int64(n.changes) }
