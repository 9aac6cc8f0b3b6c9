package bwt

// wrap foresees where the lines of wrapped text break: where the next word would have gone beyond
// the width. The width is learnt from the breaks that were.
type wrap struct {
	votes [maxWidth]int32 // for each width
	width int             // that with most votes, the first of them
}

const (
	maxWidth  = 256 // bytes; breaks of longer lines teach nothing
	firstWrap = 72  // the width to begin with
	vote      = 1 << 12
)

func newWrap() *wrap { return &wrap{width: firstWrap} }

// breaks reports whether a break is foreseen between what ends at a column and a word that would
// end at another.
func (w *wrap) breaks(end int) bool { return end > w.width }

// learn is told what was there. A break says that the width is at least column, and below end; that
// there was none, that it is at least end.
func (w *wrap) learn(column, end int, broken bool) {
	if broken {
		for i, v := range w.votes {
			w.votes[i] = v - v>>5
		}
		for i := column; i < min(end, maxWidth); i++ {
			w.votes[i] += vote
		}
	} else if w.breaks(end) {
		for i := max(0, end-16); i < min(end, maxWidth); i++ {
			w.votes[i] -= vote / 2
		}
	} else {
		return
	}
	w.width = 0
	for i, v := range w.votes {
		if v > w.votes[w.width] {
			w.width = i
		}
	}
}
