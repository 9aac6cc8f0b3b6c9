package train

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Options are those of a Trainer; the zero value is good for a model of a few million parameters.
type Options struct {
	Kernel  string // "amx", "avx512", "avx2" or "portable"; empty: the fastest there is
	Threads int    // 0: one per CPU
	Rows    int    // positions computed together by a thread; 0: 2048

	MuonRate float64 // peak rate for the matrices of the blocks; 0: 0.02
	AdamRate float64 // peak rate for embedding, output and norms; 0: 0.005
	Decay    float64 // weight decay of the matrices of the blocks, per step times the rate

	// With a Teacher, a model of the same vocabulary, the cost that is minimized is (1 - Distill) *
	// cross-entropy + Distill * the divergence of the model from the teacher.
	Teacher *Model
	Distill float64 // 0 to 1
}

// Trainer trains one Model. Its methods must not be called at the same time.
type Trainer struct {
	o       Options
	m       *Model
	net     *net
	teacher *net
	fresh   bool // net.packed is that of the parameters
	workers []*worker

	first, second []float32 // momentum, and AdamW's second moment
	steps         int
}

// worker is the memory of one thread.
type worker struct {
	arena, teacher, predict *arena
	grads                   []float32
	scratch                 []byte
	tokens, targets         []int32
	sum, kl                 float64
	nats                    []float32
	err                     error
}

// NewTrainer makes a trainer of m, which it changes at each Step. It returns ErrNotBuilt without
// cgo, and an error that wraps ErrKernel for a kernel that cannot be had. Close frees its memory.
func NewTrainer(m *Model, o Options) (*Trainer, error) {
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	if o.Rows <= 0 {
		o.Rows = 2048
	}
	if o.MuonRate == 0 {
		o.MuonRate = 0.02
	}
	if o.AdamRate == 0 {
		o.AdamRate = 0.005
	}
	if !(o.Distill >= 0 && o.Distill <= 1) {
		return nil, fmt.Errorf("distill is %g, not a share", o.Distill)
	}
	t := &Trainer{o: o, m: m, first: make([]float32, len(m.params)), second: make([]float32, len(m.params))}
	var err error
	if t.net, err = newNet(m, o.Kernel); err != nil {
		return nil, err
	}
	for range o.Threads {
		t.workers = append(t.workers, &worker{scratch: make([]byte, max(t.net.k.packScratch(), t.net.k.muonScratch()))})
	}
	if o.Teacher != nil && o.Distill > 0 {
		if o.Teacher.Config.Vocab != m.Config.Vocab {
			return nil, fmt.Errorf("%w: the teacher has %d tokens, the model %d", ErrModel, o.Teacher.Config.Vocab, m.Config.Vocab)
		}
		if t.teacher, err = newNet(o.Teacher, o.Kernel); err != nil {
			return nil, err
		}
		scratch := make([]byte, t.teacher.k.packScratch())
		for i := range t.teacher.k.matrices() {
			t.teacher.k.pack(t.teacher.params, i, t.teacher.packed, scratch)
		}
	}
	return t, nil
}

func newNet(m *Model, name string) (*net, error) {
	k, err := newKernel(name, m.Config)
	if err != nil {
		return nil, err
	}
	return &net{k: k, params: m.params, packed: k.packed()}, nil
}

// Close frees the trainer's memory; the Model stays usable.
func (t *Trainer) Close() error {
	for _, w := range t.workers {
		w.arena.close()
		w.teacher.close()
		w.predict.close()
	}
	t.workers = nil
	return nil
}

// Kernel is the name of the kernel in use.
func (t *Trainer) Kernel() string { return t.net.k.name() }

// Steps is the number of steps taken, those of a loaded state included.
func (t *Trainer) Steps() int { return t.steps }

// Step trains on windows of one length: n+1 tokens, each of the last n predicted from those before
// it; n is a multiple of 32. Negative tokens at the end of a window pad it. rate is the factor on
// the peak rates, see Rate. It returns the mean cost before the update in nats per token:
// cross-entropy, and apart from it the divergence from the teacher (estimated on a part of the
// positions).
func (t *Trainer) Step(windows [][]int32, rate float64) (Cost, error) {
	counted, err := t.check(windows)
	if err != nil {
		return Cost{}, err
	}
	t.pack()
	scale := 1 / float32(counted)
	batches := t.batches(windows)
	t.each(func(i int, w *worker) {
		if w.grads == nil {
			w.grads = make([]float32, len(t.m.params))
		}
		clear(w.grads)
		w.sum, w.kl, w.err = 0, 0, nil
		for b := i; b < len(batches) && w.err == nil; b += len(t.workers) {
			w.err = t.batch(w, batches[b], scale)
		}
	})
	var cost Cost
	for _, w := range t.workers {
		if w.err != nil {
			return Cost{}, w.err
		}
		cost.Nats += w.sum / float64(counted)
		cost.Divergence += w.kl / float64(counted)
	}
	t.steps++
	t.update(rate)
	t.fresh = false
	return cost, nil
}

// Cost is the mean cost of a step, in nats per token.
type Cost struct {
	Nats       float64 // cross-entropy
	Divergence float64 // KL(teacher || model)
}

// Loss is the mean cross-entropy of each window, in nats per token; windows are as for Step.
func (t *Trainer) Loss(windows [][]int32) ([]float64, error) {
	if _, err := t.check(windows); err != nil {
		return nil, err
	}
	t.pack()
	batches := t.batches(windows)
	costs := make([][]float64, len(batches))
	t.each(func(i int, w *worker) {
		w.err = nil
		for b := i; b < len(batches) && w.err == nil; b += len(t.workers) {
			costs[b], w.err = t.predict(w, batches[b])
		}
	})
	var all []float64
	for _, part := range costs {
		all = append(all, part...)
	}
	for _, w := range t.workers {
		if w.err != nil {
			return nil, w.err
		}
	}
	return all, nil
}

// check returns the number of targets.
func (t *Trainer) check(windows [][]int32) (counted int, err error) {
	for i, w := range windows {
		if len(w) != len(windows[0]) || len(w) < 2 || (len(w)-1)%block != 0 {
			return 0, fmt.Errorf("%w: number %d has %d tokens; all must have one length, a multiple of %d and 1", ErrWindow, i, len(w), block)
		}
		padded := false
		for j, token := range w {
			if int(token) >= t.m.Config.Vocab || padded && token >= 0 {
				return 0, fmt.Errorf("%w: number %d has %d at %d, of a vocabulary of %d", ErrWindow, i, token, j, t.m.Config.Vocab)
			}
			if padded = token < 0; !padded && j > 0 {
				counted++
			}
		}
	}
	if counted == 0 {
		return 0, fmt.Errorf("%w: there is nothing to predict", ErrWindow)
	}
	return counted, nil
}

// batches are the windows that a thread computes together.
func (t *Trainer) batches(windows [][]int32) [][][]int32 {
	time := len(windows[0]) - 1
	// Every thread should have as much as any other.
	each := min(max(1, t.o.Rows/time), (len(windows)+len(t.workers)-1)/len(t.workers))
	var batches [][][]int32
	for i := 0; i < len(windows); i += each {
		batches = append(batches, windows[i:min(i+each, len(windows))])
	}
	return batches
}

// fill lays out the inputs and targets of a batch.
func (w *worker) fill(batch [][]int32) (time int) {
	time = len(batch[0]) - 1
	w.tokens, w.targets = w.tokens[:0], w.targets[:0]
	for _, window := range batch {
		for j := range time {
			w.tokens = append(w.tokens, max(0, window[j]))
			w.targets = append(w.targets, window[j+1])
		}
	}
	return time
}

// room makes sure that an arena is large enough.
func (k *kernel) room(a **arena, rows, time int, keep bool) error {
	if *a != nil && (*a).rows >= rows && (*a).time >= time {
		return nil
	}
	if *a != nil {
		rows, time = max(rows, (*a).rows), max(time, (*a).time)
	}
	(*a).close()
	var err error
	*a, err = k.newArena(rows, time, keep)
	return err
}

func (t *Trainer) batch(w *worker, batch [][]int32, scale float32) error {
	time := w.fill(batch)
	if err := t.net.k.room(&w.arena, len(w.tokens), time, true); err != nil {
		return err
	}
	if t.teacher != nil {
		if err := t.teacher.k.room(&w.teacher, len(w.tokens), time, false); err != nil {
			return err
		}
	}
	sum, kl := t.net.pass(w.arena, w.tokens, w.targets, len(batch), time, scale, w.grads, nil, t.teacher, w.teacher, float32(t.o.Distill))
	w.sum, w.kl = w.sum+sum, w.kl+kl
	return nil
}

func (t *Trainer) predict(w *worker, batch [][]int32) ([]float64, error) {
	time := w.fill(batch)
	if err := t.net.k.room(&w.predict, len(w.tokens), time, false); err != nil {
		return nil, err
	}
	w.nats = append(w.nats[:0], make([]float32, len(w.tokens))...)
	t.net.pass(w.predict, w.tokens, w.targets, len(batch), time, 0, nil, w.nats, nil, nil, 0)
	costs := make([]float64, len(batch))
	for i := range batch {
		n := 0
		for j := i * time; j < (i+1)*time; j++ {
			if w.targets[j] >= 0 {
				costs[i] += float64(w.nats[j])
				n++
			}
		}
		costs[i] /= float64(max(1, n))
	}
	return costs, nil
}

// each runs f for every worker, on a thread each.
func (t *Trainer) each(f func(i int, w *worker)) {
	var done sync.WaitGroup
	for i, w := range t.workers {
		done.Go(func() { f(i, w) })
	}
	done.Wait()
}

// tasks runs n independent tasks on all threads.
func (t *Trainer) tasks(n int, f func(task int, w *worker)) {
	var next atomic.Int64
	t.each(func(_ int, w *worker) {
		for {
			task := int(next.Add(1)) - 1
			if task >= n {
				return
			}
			f(task, w)
		}
	})
}

// pack brings the packed matrices up to date.
func (t *Trainer) pack() {
	if t.fresh {
		return
	}
	t.tasks(t.net.k.matrices(), func(i int, w *worker) { t.net.k.pack(t.net.params, i, t.net.packed, w.scratch) })
	t.fresh = true
}
