package train

import "math"

const (
	warmup = 50 // steps

	muonMomentum         = 0.95
	adamBeta1, adamBeta2 = 0.9, 0.95
	slice                = 1 << 16 // parameters that a thread updates at a time
)

// Rate is the factor on the peak rates at a step: warmed up over 50 steps, then 1 for the share
// stable of the run, then falling linearly to 0 (nearly); progress runs from 0 to 1.
func Rate(step int, progress, stable float64) float64 {
	return min(1, float64(step+1)/warmup) * min(1, max(0.01, (1-progress)/(1-stable)))
}

// update adds up the gradients in the order of the workers and changes the parameters.
func (t *Trainer) update(rate float64) {
	list, _ := t.m.Config.tensors()
	var work []func(*worker)
	correct1, correct2 := 1-math.Pow(adamBeta1, float64(t.steps)), 1-math.Pow(adamBeta2, float64(t.steps))
	for _, s := range list {
		parts := (s.size() + slice - 1) / slice
		if s.matrix {
			parts = 1
		}
		for part := range parts {
			from, to := s.at+part*slice, s.at+s.size()
			if parts > 1 {
				to = min(to, from+slice)
			}
			work = append(work, func(w *worker) {
				g := t.workers[0].grads[from:to]
				for _, other := range t.workers[1:] {
					t.net.k.add(g, other.grads[from:to])
				}
				p := t.m.params[from:to]
				if s.matrix {
					t.net.k.muon(p, g, t.first[from:to], s.rows, s.columns, rate*t.o.MuonRate, muonMomentum, t.o.Decay, w.scratch)
				} else {
					t.net.k.adam(p, g, t.first[from:to], t.second[from:to], rate*t.o.AdamRate, adamBeta1, adamBeta2, correct1, correct2)
				}
			})
		}
	}
	t.tasks(len(work), func(i int, w *worker) { work[i](w) })
}
