package coder

import (
	"math/bits"
	"sort"

	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// Bytewise predicts the next byte of a text with a token model, without being told where the tokens
// of the text end.
//
// Decoded bytes behind the last committed token are pending. Several readings of them are kept:
// that they begin one longer token, and, for up to maxEnded likely tokens that they begin with,
// that this token has ended and another one begins behind it; its distribution costs a model step.
// If the token has probably not ended, and the model was asked behind it before, the step waits for
// the next byte, which is predicted by what was expected before, and mostly makes it needless.
// The next byte's distribution is the sum over the tokens of all readings. When one reading
// outweighs the others, its token is committed. Readings that are too unlikely or too many are left
// out, so this is a lower bound of the exact byte marginals; nothing about token boundaries is
// transmitted, and any bytes can follow any others.
type Bytewise struct {
	lane    *Lane
	vocab   *Vocabulary
	pending []byte
	long    reading   // the pending bytes begin one token
	ended   []reading // a token has ended in the pending bytes; the lane holds one of them, if any
	held    int32     // token that the lane holds behind the committed ones, -1: none
	spare   [][]uint64
	steps   int
	err     error

	openings openings
}

const (
	maxEnded = 3

	// A token that ends here is worth a model step if it has this share of all readings, in 1/256,
	speculate = 8

	// at once if it has this one, or was not read before; else behind the next byte, if the reading
	// has a share of speculate then;
	atOnce = 48

	// and this one is enough to wait for that.
	waiting = 2

	// The likeliest reading is committed when it is this many times as likely as all others,
	dominate = 256

	// or when its token has this share of all readings to end here, in 1/256: what begins behind it
	// needs a model step.
	proceed = 32
)

// unit is the probability 1 of readings.
const unit = 1 << 40

// reading is a distribution over tokens and the range of them, in the order of the vocabulary's
// pieces, that the bytes from split on leave.
type reading struct {
	cum    []uint64 // cum[i]: weight of the first i tokens
	lo, hi int
	split  int      // pending bytes in front of the token
	token  int32    // that ended there
	share  uint64   // its probability
	unit   uint64   // what a weight of 1 is of it, in 2^-unitBits
	behind *opening // not nil: the step is waiting, and the first byte is expected as it says
}

const unitBits = 24

// weigh makes the probability of all tokens together share. A reading without a distribution, whose
// step has failed, stays without mass.
func (r *reading) weigh(share uint64) {
	if r.share = share; len(r.cum) == 0 {
		return
	}
	r.unit, _ = bits.Div64(share>>(64-unitBits), share<<unitBits, r.cum[len(r.cum)-1])
}

// mass is the share of the reading that the tokens lo..hi have.
func (r *reading) mass(lo, hi int) uint64 {
	h, l := bits.Mul64(r.cum[hi]-r.cum[lo], r.unit)
	return h<<(64-unitBits) | l>>unitBits
}

func (r *reading) left() uint64 {
	if r.behind != nil {
		return r.share
	}
	return r.mass(r.lo, r.hi)
}

// begins is the mass that a waiting reading has when byte b comes.
func (r *reading) begins(b byte) uint64 { return r.share >> 16 * uint64(r.behind.share[b]) }

// nth is the nth piece in their order.
func (v *Vocabulary) nth(i int) []byte { return v.pieces[v.sorted[i]] }

// narrow gives the part of the range lo..hi, whose pieces agree in depth bytes, that goes on with
// byte b.
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
	x.pending, x.held, x.err = x.pending[:0], -1, nil
	x.dropEnded()
	logits, err := x.lane.Start(p, primer)
	if err != nil {
		return err
	}
	x.long.split = 0
	x.distribution(logits, &x.long)
	x.long.weigh(unit)
	return nil
}

// Steps is the number of tokens fed since the predictor was made.
func (x *Bytewise) Steps() int { return x.steps }

// Next fills p with the probability of each next byte in units of 2^-40; they add up to 1 or less,
// to 0 when the model has no opinion.
func (x *Bytewise) Next(p *[256]uint64) {
	*p = [256]uint64{}
	x.spread(p, &x.long)
	for i := range x.ended {
		x.spread(p, &x.ended[i])
	}
}

func (x *Bytewise) spread(p *[256]uint64, r *reading) {
	if r.behind != nil {
		for b := range p {
			p[b] += r.begins(byte(b))
		}
		return
	}
	depth := len(x.pending) - r.split
	if depth == 0 {
		for b := range p {
			p[b] += r.mass(x.vocab.first[b], x.vocab.first[b+1])
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
		p[b] += r.mass(i, j)
		i = j
	}
}

// Update tells the byte that came.
func (x *Bytewise) Update(b byte) error {
	depth := len(x.pending)
	x.pending = append(x.pending, b)
	x.long.lo, x.long.hi = x.vocab.narrow(x.long.lo, x.long.hi, depth, b)
	kept := x.ended[:0]
	for _, r := range x.ended {
		if r.behind != nil {
			kept = append(kept, r)
			continue
		}
		r.lo, r.hi = x.vocab.narrow(r.lo, r.hi, depth-r.split, b)
		if r.lo < r.hi {
			kept = append(kept, r)
		} else {
			x.release(r.cum)
		}
	}
	x.ended = kept
	x.read(b)
	for x.settle() {
	}
	return x.err
}

// read takes the step of the reading that waited for byte b, if the byte has left it likely; else
// it is dropped. At most one waits: the one whose token ended before b.
func (x *Bytewise) read(b byte) {
	late, all, mass := -1, x.long.left(), uint64(0)
	for i := range x.ended {
		if r := &x.ended[i]; r.behind != nil {
			late, mass = i, r.begins(b)
			all += mass
		} else {
			all += r.left()
		}
	}
	if late < 0 {
		return
	}
	r := &x.ended[late]
	if mass > 0 && mass >= all/256*speculate {
		if x.step(r); len(r.cum) > 0 {
			r.lo, r.hi = x.vocab.narrow(0, len(x.vocab.sorted), 0, b)
		}
	}
	if r.lo == r.hi {
		x.release(r.cum)
		x.ended = append(x.ended[:late], x.ended[late+1:]...)
	}
}

// step takes the step of a reading.
func (x *Bytewise) step(r *reading) {
	share := r.share
	r.behind = nil
	if x.feed(r.token, r); len(r.cum) > 0 {
		r.weigh(unit)
		x.openings.learn(r.token, r, &x.vocab.first)
	}
	r.weigh(share)
}

// settle makes at most one decision about the readings; it reports whether there may be another.
func (x *Bytewise) settle() bool {
	if x.err != nil || len(x.pending) == 0 {
		return false
	}
	if x.long.lo == x.long.hi && len(x.ended) == 0 {
		x.commitLongest()
		return true
	}
	best, most, all := -1, uint64(0), x.long.left()
	for i := range x.ended {
		left := x.ended[i].left()
		all += left
		if left > most {
			best, most = i, left
		}
	}
	read := best >= 0 && x.ended[best].behind == nil
	if read && most > x.long.left() {
		r := &x.ended[best]
		if lo := r.lo; len(x.vocab.nth(lo)) == len(x.pending)-r.split && r.mass(lo, lo+1) >= all/256*proceed {
			x.commit(best)
			return true
		}
	}
	if read && all-most <= most/dominate {
		x.commit(best)
		return true
	}
	if lo := x.long.lo; lo < x.long.hi && len(x.vocab.nth(lo)) == len(x.pending) {
		end := x.long.mass(lo, lo+1)
		token, enough := x.vocab.sorted[lo], uint64(speculate)
		behind := x.openings.of(token)
		if behind != nil {
			enough = waiting
		}
		if end >= all/256*enough && x.makeRoom(end) {
			r := reading{split: len(x.pending), token: token, share: end, behind: behind}
			if behind == nil || end >= all/256*atOnce {
				x.step(&r)
			}
			x.ended = append(x.ended, r)
			x.long.lo++ // what is left of the range are longer tokens
			return true
		}
	}
	return false
}

// makeRoom drops the least likely ended reading if there are too many; it reports false if all are
// likelier than end.
func (x *Bytewise) makeRoom(end uint64) bool {
	if len(x.ended) < maxEnded {
		return true
	}
	worst, least := -1, end
	for i := range x.ended {
		if left := x.ended[i].left(); left < least {
			worst, least = i, left
		}
	}
	if worst < 0 {
		return false
	}
	x.release(x.ended[worst].cum)
	x.ended = append(x.ended[:worst], x.ended[worst+1:]...)
	return true
}

func (x *Bytewise) dropEnded() {
	for _, r := range x.ended {
		x.release(r.cum)
	}
	x.ended = x.ended[:0]
}

// commit makes the token of an ended reading the last committed one.
func (x *Bytewise) commit(i int) {
	r := x.ended[i]
	x.release(x.long.cum)
	x.ended = append(x.ended[:i], x.ended[i+1:]...)
	x.dropEnded()
	if x.held != r.token {
		var again reading // the lane has gone on to hold another token
		x.feed(r.token, &again)
		x.release(again.cum)
	}
	x.held = -1
	x.pending = append(x.pending[:0], x.pending[r.split:]...)
	r.split = 0
	r.weigh(unit)
	x.long = r
}

// commitLongest commits the longest token that begins the pending bytes: no likely reading is left.
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
		x.feed(token, &x.long)
		x.long.weigh(x.long.share)
		x.held = -1
	}
	x.pending = append(x.pending[:0], x.pending[n:]...)
	for i, b := range x.pending {
		x.long.lo, x.long.hi = x.vocab.narrow(x.long.lo, x.long.hi, i, b)
	}
}

// feed puts a token behind the committed ones and gives r the distribution behind it.
func (x *Bytewise) feed(token int32, r *reading) {
	x.steps++
	var err error
	if x.held >= 0 {
		err = x.lane.Rollback(1)
	}
	var logits lm.Row
	if err == nil {
		logits, err = x.lane.Predict(token)
	}
	if err == nil {
		x.distribution(logits, r)
	}
	if err != nil && x.err == nil {
		x.err = err
	}
	x.held = token
}

// release keeps the memory of a reading for others. One whose step was never taken has none.
func (x *Bytewise) release(cum []uint64) {
	if cum != nil {
		x.spare = append(x.spare, cum)
	}
}

// distribution makes r that of the logits, over the whole vocabulary. If they are not finite, all
// tokens are equally likely.
func (x *Bytewise) distribution(logits lm.Row, r *reading) {
	cdf := &x.lane.worker.cdf
	finite := cdf.setRow(logits) == nil
	if n := len(x.spare); r.cum == nil && n > 0 {
		r.cum, x.spare = x.spare[n-1], x.spare[:n-1]
	} else if r.cum == nil {
		r.cum = make([]uint64, len(x.vocab.sorted)+1)
	}
	sum := uint64(0)
	switch sorted := x.vocab.sorted; {
	case !finite:
		for i := range sorted {
			r.cum[i] = uint64(i)
		}
		sum = uint64(len(sorted))
	case x.vocab.inOrder:
		cum := r.cum[:len(sorted)]
		for i, w := range cdf.weights[sorted[0]:][:len(cum)] {
			cum[i] = sum
			sum += uint64(w)
		}
	default:
		for i, t := range sorted {
			r.cum[i] = sum
			sum += uint64(cdf.weights[t])
		}
	}
	r.lo, r.hi = 0, len(x.vocab.sorted)
	r.cum[r.hi] = sum
}
