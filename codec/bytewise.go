package codec

import (
	"math/bits"
	"sort"

	"github.com/lmz-go/lmz/kvcache"
)

// Bytewise predicts the next byte of a text with a token model, without knowing where the tokens of the text end.
//
// Decoded bytes that follow the last committed token are pending. Two readings of them are kept: that they begin one longer
// token (its distribution is that after the committed tokens), and that one likely token has ended inside them and another
// begins (its distribution is that after the likely token, which costs one model step). The next byte's distribution is the
// sum over the tokens of both readings; a reading that no token supports any more is dropped, and when the longer token is
// ruled out the likely one is committed. Other readings are left out, so this is a lower bound of the exact byte
// marginals; nothing about token boundaries needs to be transmitted, and any bytes can follow any others.
type Bytewise struct {
	lane    *Lane
	vocab   *Vocabulary
	pending []byte
	long    reading // of all pending bytes: one token after the committed ones
	likely  reading // of pending[split:]: one token after the likely token
	split   int     // bytes of the likely token; 0: there is none
	share   uint64  // probability of the likely token after the committed ones, in units of 2^-40
	steps   int     // tokens fed, for the gate and for reports
	err     error
}

// speculate is the share of the probability left (in 1/256) that "the token ends here" must have to be worth a model step.
var Speculate uint64 = 64

// reading is a distribution over tokens and the range of tokens, in the order of the sorted vocabulary, that a prefix leaves.
type reading struct {
	cum    []uint64 // cum[i]: weight of the first i tokens
	lo, hi int
}

func (r *reading) mass(lo, hi int) uint64 { // in units of 2^-40
	w, total := r.cum[hi]-r.cum[lo], r.cum[len(r.cum)-1]
	h, l := bits.Mul64(w, 1<<40)
	q, _ := bits.Div64(h, l, total)
	return q
}

func (r *reading) left() uint64 { return r.mass(r.lo, r.hi) }

// nth is the nth piece in their order.
func (v *Vocabulary) nth(i int) []byte { return v.pieces[v.sorted[i]] }

// narrow gives the part of the range lo..hi, whose pieces agree in depth bytes, that goes on with byte b.
func (v *Vocabulary) narrow(lo, hi, depth int, b byte) (int, int) {
	if depth == 0 {
		return v.first[b], v.first[int(b)+1]
	}
	if lo < hi && len(v.nth(lo)) == depth {
		lo++
	}
	lo += sort.Search(hi-lo, func(i int) bool { return v.nth(lo + i)[depth] >= b })
	hi = lo + sort.Search(hi-lo, func(i int) bool { return v.nth(lo + i)[depth] > b })
	return lo, hi
}

// NewBytewise makes a predictor that asks the lane's model.
func NewBytewise(lane *Lane) (*Bytewise, error) {
	vocab, err := lane.Vocabulary()
	if err != nil {
		return nil, err
	}
	return &Bytewise{lane: lane, vocab: vocab}, nil
}

// Start begins a text whose window opens with the last tokens of the primer.
func (x *Bytewise) Start(p kvcache.Policy, primer []int32) error {
	x.pending, x.split, x.err = x.pending[:0], 0, nil
	logits, err := x.lane.Start(p, primer)
	if err != nil {
		return err
	}
	return x.read(logits, &x.long)
}

// Steps is the number of tokens fed since the predictor was made.
func (x *Bytewise) Steps() int { return x.steps }

// Next fills p with the probability of each next byte in units of 2^-40; they add up to 1 or less, to 0 when the model has
// no opinion.
func (x *Bytewise) Next(p *[256]uint64) {
	*p = [256]uint64{}
	x.spread(p, &x.long, len(x.pending), 1<<40)
	if x.split > 0 {
		x.spread(p, &x.likely, len(x.pending)-x.split, x.share)
	}
}

func (x *Bytewise) spread(p *[256]uint64, r *reading, depth int, share uint64) {
	scale := func(q uint64) uint64 {
		h, l := bits.Mul64(q, share)
		return h<<24 | l>>40
	}
	if depth == 0 {
		for b := range p {
			p[b] += scale(r.mass(x.vocab.first[b], x.vocab.first[b+1]))
		}
		return
	}
	for i := r.lo; i < r.hi; {
		if len(x.vocab.nth(i)) == depth { // this token has ended: no next byte of its own
			i++
			continue
		}
		b, j := x.vocab.nth(i)[depth], i+1
		for j < r.hi && x.vocab.nth(j)[depth] == b {
			j++
		}
		p[b] += scale(r.mass(i, j))
		i = j
	}
}

// Update tells the byte that came.
func (x *Bytewise) Update(b byte) error {
	depth := len(x.pending)
	x.pending = append(x.pending, b)
	x.long.lo, x.long.hi = x.vocab.narrow(x.long.lo, x.long.hi, depth, b)
	if x.split > 0 {
		x.likely.lo, x.likely.hi = x.vocab.narrow(x.likely.lo, x.likely.hi, depth-x.split, b)
		if x.likely.lo == x.likely.hi {
			x.drop()
		}
	}
	for x.settle() {
	}
	return x.err
}

// settle makes at most one decision about the readings; it reports whether there may be another.
func (x *Bytewise) settle() bool {
	if x.err != nil || len(x.pending) == 0 {
		return false
	}
	if x.long.lo == x.long.hi {
		if x.split > 0 {
			x.commitLikely()
		} else {
			x.commitLongest()
		}
		return true
	}
	left, likely := x.long.left(), uint64(0)
	if x.split > 0 {
		h, l := bits.Mul64(x.share, x.likely.left())
		likely = h<<24 | l>>40
		if left < likely>>6 {
			x.commitLikely()
			return true
		}
	}
	if lo := x.long.lo; len(x.vocab.nth(lo)) == len(x.pending) {
		end := x.long.mass(lo, lo+1)
		if end > likely && end >= (left+likely)/256*Speculate {
			if x.split > 0 {
				x.drop()
			}
			x.predict(x.vocab.sorted[lo], &x.likely)
			x.split, x.share = len(x.pending), end
			x.long.lo++ // that token has ended; what is left of the range are longer ones
		}
	}
	return false
}

func (x *Bytewise) drop() {
	x.split = 0
	if err := x.lane.Rollback(1); err != nil && x.err == nil {
		x.err = err
	}
}

func (x *Bytewise) commitLikely() {
	x.pending = append(x.pending[:0], x.pending[x.split:]...)
	x.long, x.likely = x.likely, x.long
	x.split = 0
}

// commitLongest commits the longest token that begins the pending bytes: no likelier reading was kept.
func (x *Bytewise) commitLongest() {
	lo, hi, n, token := 0, len(x.vocab.sorted), 0, int32(0)
	for i, b := range x.pending {
		if lo, hi = x.vocab.narrow(lo, hi, i, b); lo == hi {
			break
		}
		if len(x.vocab.nth(lo)) == i+1 {
			n, token = i+1, x.vocab.sorted[lo]
		}
	}
	if n == 0 { // a byte that the vocabulary cannot spell: pass over it
		n = 1
		x.long.lo, x.long.hi = 0, len(x.vocab.sorted)
	} else {
		x.predict(token, &x.long)
	}
	x.pending = append(x.pending[:0], x.pending[n:]...)
	for i, b := range x.pending {
		x.long.lo, x.long.hi = x.vocab.narrow(x.long.lo, x.long.hi, i, b)
	}
}

// predict feeds a token and starts the reading r with the distribution after it.
func (x *Bytewise) predict(token int32, r *reading) {
	logits, err := x.lane.Predict(token)
	if err == nil {
		err = x.read(logits, r)
	}
	if err != nil && x.err == nil {
		x.err = err
	}
	x.steps++
}

// read makes r the distribution of the logits over the whole vocabulary.
func (x *Bytewise) read(logits []float32, r *reading) error {
	cdf := &x.lane.worker.cdf
	if err := cdf.Set(logits); err != nil {
		return err
	}
	if r.cum == nil {
		r.cum = make([]uint64, len(x.vocab.sorted)+1)
	}
	sum := uint64(0)
	for i, t := range x.vocab.sorted {
		r.cum[i] = sum
		sum += uint64(cdf.weights[t])
	}
	r.lo, r.hi = 0, len(x.vocab.sorted)
	r.cum[r.hi] = sum
	return nil
}
