package mix

import (
	"math"
	"sync"
)

// Cost is what one byte of a chunk takes. It is for people to read and bears on no payload.
type Cost struct {
	Bits   float32 // that the payload is longer for it
	Saved  float32 // bits that it would take more without the Advisor
	Winner Winner
}

// Watch is told what the bytes of a chunk cost, in their order, some at a time. The slices have the
// same length and are valid during the call.
type Watch func(text []byte, costs []Cost)

// Winner names what foresaw a byte best. The first are experts, in their own order.
type Winner uint8

// What is no expert.
const (
	Contexts = Winner(expertCount) + iota // bit histories in contexts: no expert foresaw it
	Quantity                              // a number, by how far it is from earlier ones
	Model                                 // the Advisor saved half of it or more, or coded it alone
	Run                                   // one of a long stretch coded at once
	Stored                                // a method that says nothing about single bytes
	Winners                               // how many there are
)

var winnerNames = [Winners]string{
	"long match", "medium match", "short match", "line match", "template", "older template", "key", "copy", "digits", "forecast",
	"contexts", "number", "model", "run", "stored",
}

func (w Winner) String() string {
	if w >= Winners {
		return "unknown"
	}
	return winnerNames[w]
}

// watchedAtOnce is how many costs are told of at once, at most.
const watchedAtOnce = 4096

// watcher finds out what bytes cost from how the decoder's interval narrows, which is what they
// cost to the last digit: a byte is charged with the bits that it adds to
// 8*(bytes shifted out) + 64 - log2(width of the interval).
type watcher struct {
	tell    Watch
	model   *model
	decoder *bitDecoder
	advice  *advised // nil: nobody is asked
	charged float64  // bits up to the last byte that is settled
	seen    int      // bytes of the history up to it
	costs   []Cost   // of its last bytes, which are still to be told

	lone     *[4096]float64       // see loneCosts
	foreseen [expertCount]uint32  // behind a leading 1, before the byte comes; 0: nothing
	alone    [expertCount]float64 // bits that the expert would charge where it is right
	guesser  int                  // see model.guesser
}

// loneCosts is what a byte would cost with an expert that is right about each of its bits with a
// probability in units of 1/4096.
var loneCosts = sync.OnceValue(func() *[4096]float64 {
	var t [4096]float64
	for i := range t {
		t[i] = -8 * math.Log2(float64(i+1)/4096)
	}
	return &t
})

// advised is an Advisor of whom it is noted what it saves.
type advised struct {
	Advisor
	saved int32 // by the last byte, in units of 1/4096
}

func (a *advised) Byte(c byte, cost, saved int32) {
	a.saved = saved
	a.Advisor.Byte(c, cost, saved)
}

// newWatcher is nil where nobody watches. It puts itself in front of the Advisor.
func newWatcher(p *Params, m *model, d *bitDecoder) *watcher {
	if p.Watch == nil {
		return nil
	}
	w := &watcher{tell: p.Watch, model: m, decoder: d, lone: loneCosts()}
	if p.Advisor != nil {
		w.advice = &advised{Advisor: p.Advisor}
		p.Advisor = w.advice
	}
	return w
}

// begin comes when the model is where the chunk starts from.
func (w *watcher) begin() {
	if w != nil {
		w.seen = len(w.model.buf)
	}
}

// look notes what the experts foresee, in front of each byte that is not of a run.
func (w *watcher) look() {
	w.settle()
	m := w.model
	for _, i := range m.level.experts {
		if w.foreseen[i] = m.predicted(i); w.foreseen[i] > 0 {
			confidence := m.cursor.experts[i].confidence()
			trust := firstTrust(int(confidence)) >> 4
			if !m.direct() { // else there are no maps
				trust = m.expertMaps[uint32(i*confidences)+confidence] >> 20
			}
			w.alone[i] = w.lone[trust]
		}
	}
	w.guesser = m.guesser()
}

// settle charges what has been decoded since the last time: a byte; a stretch, whose bytes are
// charged the same; or a run, of which the first byte is charged for all. The answer that there is
// no run is charged to what comes next.
func (w *watcher) settle() {
	if w == nil || len(w.model.buf) == w.seen {
		return
	}
	n := len(w.model.buf) - w.seen
	d := w.decoder
	charged := float64(8*d.pos) - math.Log2(float64(d.high-d.low)+1)
	cost := Cost{Bits: float32(charged - w.charged), Winner: Run}
	w.charged = charged
	if n <= maxStretch {
		cost.Bits /= float32(n)
		if w.model.stretch.streak > 0 {
			w.alone[w.guesser] = 0
		}
		if w.advice != nil {
			cost.Saved = float32(w.advice.saved) / 4096
		}
		number := math.Inf(1)
		if p := w.model.quantity.symbols.foresaw(w.seen, w.model.buf[w.seen]); n == 1 && p > 0 {
			number = -math.Log2(p)
		}
		cost.Winner = w.winner(cost, uint32(w.model.buf[w.seen])|256, number)
	}
	for range n {
		w.seen++
		if w.costs = append(w.costs, cost); len(w.costs) == watchedAtOnce {
			w.flush()
		}
		if n > maxStretch {
			cost.Bits = 0
		}
	}
}

// winner is who foresaw the byte: the model where it saved half of what it costs, or the expert
// that would have charged least, and at most one bit more than was charged. number is what it would
// have cost as a part of a number.
func (w *watcher) winner(cost Cost, b uint32, number float64) Winner {
	if cost.Saved > 0.125 && cost.Saved >= cost.Bits {
		return Model
	}
	best, least := Contexts, float64(cost.Bits)+1
	for i, f := range w.foreseen {
		if f == b && w.alone[i] <= least {
			best, least = Winner(i), w.alone[i]
		}
	}
	if number < least {
		return Quantity
	}
	return best
}

func (w *watcher) flush() {
	w.tell(w.model.buf[w.seen-len(w.costs):w.seen], w.costs)
	w.costs = w.costs[:0]
}

// end comes behind the last byte.
func (w *watcher) end() {
	if w == nil {
		return
	}
	if w.settle(); len(w.costs) > 0 {
		w.flush()
	}
}
