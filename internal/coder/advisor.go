package coder

import (
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/kvcache"
)

// advisor is a language model as an expert of the method Mix. A gate decides, from decoded bytes
// alone, for one segment after the other whether to run it.
type advisor struct {
	bytewise *Bytewise
	vocab    *Vocabulary
	policy   kvcache.Policy
	price    price
	text     []byte
	open     bool
	tree     [512]uint64 // [n]: probability of bytes that begin with the bits of n behind a 1
	at       bool        // tree is of the next byte
	err      error

	total int64 // saved in this chunk, in bits/4096
	left  int   // bytes of this segment that have not come
	cost  int64 // of this segment without the model, in bits/4096
	saved int64 // in this segment
	steps int   // of the model before this segment
	worth int64 // what a step in this segment, if it is open, must save, in bits/4096

	closed int   // segments since the gate was open
	wait   int   // how many of them to wait before the model is tried again
	gain   int64 // bits/4096 saved per segment, less the price of the steps: a running mean
	seen   bool  // there has been an open segment
	paid   int64 // for the steps of the last open segment, in bits/4096
	usual  int64 // cost of a segment without help: a mean that rises at once and falls slowly
}

// price is what a model step must save to be worth its time, in bits/4096.
type price struct{ prose, other int64 }

func priceOf(level int) price {
	p := preset.Level(level)
	return price{p.InProse << 7, p.Price << 7}
}

const (
	proseTail   = 2048 // bytes that tell whether a segment is prose
	gateSegment = 256  // bytes
	gateRetry   = 16   // segments until the first new try
	gateLongest = 1024 // and until later ones, at most
)

func newAdvisor(lane *Lane, policy kvcache.Policy, price price) (*advisor, error) {
	b, err := NewBytewise(lane)
	if err != nil {
		return nil, err
	}
	return &advisor{bytewise: b, vocab: b.vocab, policy: policy, price: price}, nil
}

// advisorFor is the lane's advisor, which start makes forget what it was used for before.
func (l *Lane) advisorFor(policy kvcache.Policy, price price) (*advisor, error) {
	if a := l.advisor; a != nil && a.policy == policy && a.price == price {
		return a, nil
	}
	a, err := newAdvisor(l, policy, price)
	if err == nil {
		l.advisor = a
	}
	return a, err
}

// start begins a chunk that comes behind primer.
func (a *advisor) start(primer []byte) {
	a.text = append(a.text[:0], primer...)
	a.at, a.err, a.open, a.total = false, nil, false, 0
	a.bytewise.openings.forget()
	a.closed, a.wait, a.gain, a.seen, a.paid, a.usual = 0, gateRetry, 0, false, 0, 0
	a.begin()
}

// begin decides about the segment that begins.
func (a *advisor) begin() {
	was, surprised := a.open, a.cost > 2*a.usual+a.paid
	a.left, a.cost, a.saved = gateSegment, 0, 0
	a.open = !a.seen || a.gain > 0
	if !a.open {
		a.closed++
		switch {
		case !was && surprised: // new text: the model may know what the mixer has to learn
			a.open = true
		case a.closed >= a.wait: // try again, ever more rarely
			a.open, a.closed, a.wait = true, 0, min(4*a.wait, gateLongest)
		}
	}
	if a.open && !was {
		// What the window missed is fed at once.
		if err := a.bytewise.Start(a.policy, a.vocab.lastTokens(a.text, a.policy.Window/2)); err != nil && a.err == nil {
			a.err = err
		}
	}
	a.steps = a.bytewise.Steps()
	if !a.open {
		return
	}
	if a.worth = a.price.other; mix.IsProse(a.text[max(0, len(a.text)-proseTail):]) {
		a.worth = a.price.prose
	}
}

// end judges the segment that has ended.
func (a *advisor) end() {
	if !a.open {
		a.usual += (a.cost - a.usual) / 16
		return
	}
	a.paid = int64(a.bytewise.Steps()-a.steps) * a.worth
	gain := a.saved - a.paid
	if !a.seen {
		a.gain, a.seen = gain, true
	} else {
		a.gain += (gain - a.gain) / 4
	}
	if gain > 0 {
		a.wait = gateRetry
		a.gain = max(a.gain, gain/4)
	} else {
		a.usual = max(a.usual, a.cost)
	}
}

// Bit implements mix.Advisor.
func (a *advisor) Bit(partial uint32) (p, confidence uint32) {
	if !a.open || a.err != nil {
		return 0, 0
	}
	if !a.at {
		a.bytewise.Next((*[256]uint64)(a.tree[256:]))
		for i := 255; i > 0; i-- {
			a.tree[i] = a.tree[2*i] + a.tree[2*i+1]
		}
		a.at = true
	}
	all := a.tree[partial]
	if all < unit>>20 {
		return 0, 0
	}
	p = uint32(a.tree[2*partial+1] << 16 / all)
	for c := all; c < unit && confidence < 8; c <<= 1 {
		confidence++
	}
	return max(4, min(65532, p)), confidence
}

// Run implements mix.Advisor. The model sees nothing of the run: the gate closes, and if it opens
// behind it, the end of the text is fed at once.
func (a *advisor) Run(text []byte) {
	a.see(text[max(0, len(text)-primerTail):]...)
	a.open, a.cost = false, 0
	a.begin()
}

// see adds to the text, of which the last primerTail bytes at least are kept.
func (a *advisor) see(text ...byte) {
	if len(a.text) >= 2*primerTail {
		a.text = append(a.text[:0], a.text[len(a.text)-primerTail:]...)
	}
	a.text = append(a.text, text...)
	a.at = false
}

// Byte implements mix.Advisor.
func (a *advisor) Byte(c byte, cost, saved int32) {
	a.see(c)
	a.cost += int64(cost)
	if a.open && a.err == nil {
		a.saved += int64(saved)
		a.total += int64(saved)
		a.err = a.bytewise.Update(c)
	}
	if a.left--; a.left == 0 {
		a.end()
		a.begin()
	}
}
