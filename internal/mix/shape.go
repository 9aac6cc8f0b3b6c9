package mix

import (
	"math/bits"
	"slices"
)

// kind names what a model consists of: a level, and tables that are as large as a text of 2^bits
// bytes needs, but no larger than the level's.
type kind struct {
	number  int // of the level, or tiny
	prose   bool
	foreign bool // no text: begun without what texts taught
	bits    int
	without Parts
}

// tinySize is how many bytes a chunk that starts from nothing has at most that is coded by
// tinyLevel.
const tinySize = 64

// tiny is the number of tinyLevel.
const tiny = -1

// firstTinyLevel is the first level that tinyLevel takes the place of.
const firstTinyLevel = 3

// kindFor is the kind for chunks of a level whose tables are to serve size bytes in all; alone says
// that nothing is in front of the chunk and nothing will start from it.
func kindFor(number int, prose bool, size int64, alone bool) kind {
	if number >= firstTinyLevel && alone && size <= tinySize {
		return kind{number: tiny}
	}
	return kind{number: number, prose: prose && number >= firstProseLevel, bits: bits.Len64(uint64(max(size, 2) - 1))}
}

// choose makes k, which is not for prose, the kind for a text with such letters, and codes what it
// is made.
func (k *kind) choose(text letters, code bitCoder) {
	if k.number == tiny {
		return
	}
	tellsProse := k.number >= firstProseLevel
	if code(flag(text.foreign() || tellsProse && text.prose()), rareChance) == 0 {
		return
	}
	k.prose = tellsProse && code(flag(text.foreign()), rareChance) == 0
	k.foreign = !k.prose
}

// uncoded is a coder of decisions that are already taken.
func uncoded(y, _ uint32) uint32 { return y }

// spec is what a model of the kind consists of.
func (k kind) spec() level {
	if k.number == tiny {
		return tinyLevel
	}
	l := levels[k.number]
	if k.prose {
		l = proseLevels[k.number]
	}
	if k.foreign && k.number >= firstProseLevel {
		l.contexts, l.sets, l.guessOver, l.noiseBits = everyContext, everySet, max(l.guessOver, guessRarely), 0
	}
	if k.foreign && k.number < len(foreignContexts) {
		l.contexts = foreignContexts[k.number]
	}
	if k.foreign && l.curves == 1 {
		// The skeleton tells nothing there, and rows do.
		l.curves, l.apmBits = apmCount, l.apmBits-2
		if k.number == 3 {
			l.experts = foreignExperts3
		}
	}
	if k.foreign || k.without&Prior != 0 {
		l.prior = preparation{}
	}
	text := int64(1) << k.bits
	l.prior = l.prior.forText(k.bits)
	known := log2(text + int64(l.prior.history))
	l.matchBits = min(l.matchBits, known)
	l.placeBits = min(l.placeBits, max(6, known-3))
	slots := text << slotsPerByte(len(l.contexts))
	slots = max(slots, min(slots+int64(l.prior.taught*len(l.taught())/4), mostTaught))
	l.slotBits = min(l.slotBits, uint32(log2(slots)))
	l.apmBits = min(l.apmBits, max(10, k.bits-3))
	l.guessBits = min(l.guessBits, max(12, k.bits))
	l.noiseBits = min(l.noiseBits, max(2, k.bits-6))
	l.directBits = min(l.directBits, uint32(max(8, k.bits+3)))
	return l
}

// log2 is the logarithm of n, rounded down.
func log2(n int64) int { return bits.Len64(uint64(n)) - 1 }

// slotsPerByte is how many lines of slots a byte of text needs, log2: about as many as the root of
// the number of contexts. Most bytes of logs are guessed and need none.
func slotsPerByte(contexts int) int { return bits.Len(uint(contexts)) / 2 }

// mostTaught is how many lines of slots the prior gets at most in a small chunk: with more, 10 KB
// would take twice the memory at -6, for half a per cent of their size.
const mostTaught = 1 << 16

// Memory is the size in bytes of the tables that a Coder needs for chunks of up to size bytes;
// primed: for chunks that start from a Primed, or that others start from, whose size counts, too. A
// Primed takes as much again. Histories come on top.
func Memory(number, size int, primed bool) int {
	if number < 0 || number >= len(levels) {
		return 0
	}
	most := 0
	foreign := kindFor(number, false, int64(size), !primed)
	foreign.foreign = true
	for _, k := range []kind{kindFor(number, false, int64(size), !primed), kindFor(number, true, int64(size), !primed), foreign} {
		l := k.spec()
		most = max(most, l.size())
	}
	return most
}

// inputs is the number of inputs of the mixers, setRows that of the rows of their weights.
func (l *level) inputs() int {
	n := len(l.contexts) + len(l.experts)*inputsPerExpert + 1
	if l.numbers {
		n += quantityInputs
	}
	return (n + 15) &^ 15
}

// deltaBits is the number of histograms of differences, log2.
func (l *level) deltaBits() int { return max(6, l.placeBits-4) }

func (l *level) setRows() (n int) {
	for _, s := range l.sets {
		n += s.size()
	}
	return n
}

// every says whether all experts are followed, and not only those that are guessers or agree with
// them.
func (l *level) every() bool { return len(l.experts) == expertCount }

// parse is how much of a line the level parses.
func (l *level) parse() detail {
	switch {
	case slices.Contains(l.contexts, wordSuffix):
		return parseProse
	case l.every():
		return parseFields
	}
	return parseTokens
}

// size is the memory of the tables in bytes.
func (l *level) size() int {
	n := copySources
	if l.direct() {
		n += 4*len(l.contexts)<<l.directBits + 4*guessSets*16
	} else {
		n += lineSize<<l.slotBits + 4*(len(l.contexts)*256+expertCount*confidences)
		n += 4*l.inputs()*l.setRows() + 4*finalRows*16 + 2*l.curves*apmPoints<<l.apmBits
	}
	if l.noiseBits > 0 {
		n += (8 + 4<<8) << l.noiseBits
	}
	matches := 2
	if l.every() {
		matches = len(model{}.matches)
		n += 4 << 16
	}
	if l.numbers {
		n += histogramSize<<l.deltaBits() + 4*quantityStates
	}
	n += 4*matches<<l.matchBits + 2*12<<l.placeBits
	return n + 4*(guessInputs+stretchInputs)<<l.guessBits + 2*4*guessSets*16
}
