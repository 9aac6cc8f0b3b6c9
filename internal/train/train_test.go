//go:build cgo

package train

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/internal/gguf"
)

var tiny = Config{Vocab: 96, Width: 64, Layers: 2, Heads: 2, KVHeads: 1, FFN: 96, Context: 64}

// busy is a model of which every parameter matters: New leaves some matrices at zero.
func busy(t *testing.T, c Config, seed uint64) *Model {
	t.Helper()
	m, err := New(c, seed)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 2))
	list, _ := m.Config.tensors()
	for _, s := range list {
		for i := s.at; i < s.at+s.size(); i++ {
			m.params[i] = float32(random.NormFloat64() / 8)
			if s.rows == 0 {
				m.params[i] += 1
			}
		}
	}
	return m
}

func randomWindows(c Config, count, time int, seed uint64) [][]int32 {
	random := rand.New(rand.NewPCG(seed, 3))
	windows := make([][]int32, count)
	for i := range windows {
		for range time + 1 {
			windows[i] = append(windows[i], random.Int32N(int32(c.Vocab)))
		}
	}
	return windows
}

func newTrainer(t *testing.T, m *Model, o Options) *Trainer {
	t.Helper()
	tr, err := NewTrainer(m, o)
	if errors.Is(err, ErrKernel) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr
}

// gradients are those of the mean cost of windows, by a trainer whose update does not move the
// model.
func gradients(t *testing.T, m *Model, o Options, windows [][]int32) []float32 {
	t.Helper()
	tr := newTrainer(t, m, o)
	before := slices.Clone(m.params)
	if _, err := tr.Step(windows, 0); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, m.params) {
		t.Fatal("a rate of 0 changed the parameters")
	}
	return tr.workers[0].grads
}

// TestGradient compares the gradient with differences of the cost along random directions, one
// tensor at a time.
func TestGradient(t *testing.T) {
	teacher := busy(t, Config{Vocab: 96, Width: 32, Layers: 1, Heads: 1, KVHeads: 1, FFN: 32, Context: 64}, 9)
	for name, c := range map[string]struct {
		change func(*Config)
		o      Options
		pad    int
	}{
		"one KV head":  {func(*Config) {}, Options{}, 0},
		"two KV heads": {func(c *Config) { c.KVHeads = 2 }, Options{}, 0},
		"tied":         {func(c *Config) { c.Tied = true }, Options{}, 0},
		"padded":       {func(*Config) {}, Options{}, 7},
		"distilled":    {func(*Config) {}, Options{Teacher: teacher, Distill: 0.7}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			shape := tiny
			c.change(&shape)
			m := busy(t, shape, 1)
			c.o.Kernel, c.o.Threads = "portable", 1
			windows := randomWindows(shape, 2, 64, 5)
			for i := range c.pad {
				windows[0][64-i] = -1
			}
			g := gradients(t, m, c.o, windows)
			list, _ := m.Config.tensors()
			for _, s := range list {
				if c.o.Teacher != nil && s.name != "output.weight" && s.name != "blk.0.attn_q.weight" {
					continue // its cost is slow to compute, and only the gradient of the logits is another
				}
				checkDirection(t, m, c.o, windows, g, s)
			}
		})
	}
}

func checkDirection(t *testing.T, m *Model, o Options, windows [][]int32, g []float32, s tensor) {
	t.Helper()
	before := slices.Clone(m.params)
	// Along the gradient's signs, where the difference is largest; the step is small beside the
	// values.
	const h = 1e-3
	var slope float64
	var cost [2]float64
	for i := s.at; i < s.at+s.size(); i++ {
		slope += math.Abs(float64(g[i]))
	}
	for side, sign := range []float32{h, -h} {
		for i := s.at; i < s.at+s.size(); i++ {
			m.params[i] = before[i] + float32(math.Copysign(1, float64(g[i])))*sign
			if g[i] == 0 {
				m.params[i] = before[i]
			}
		}
		cost[side] = objective(t, m, o, windows)
	}
	copy(m.params, before)
	if got := (cost[0] - cost[1]) / (2 * h); math.Abs(got-slope) > 0.02*slope+1e-4 {
		t.Errorf("%s: the cost changes by %.5f per unit, the gradient says %.5f", s.name, got, slope)
	}
}

// objective is the cost that Step differentiates, from the plain definition of its parts.
func objective(t *testing.T, m *Model, o Options, windows [][]int32) float64 {
	t.Helper()
	tr := newTrainer(t, m, Options{Kernel: "portable", Threads: 1})
	losses, err := tr.Loss(windows)
	if err != nil {
		t.Fatal(err)
	}
	sum, n := 0.0, 0.0
	for i, w := range windows {
		targets := 0.0
		for _, token := range w[1:] {
			if token >= 0 {
				targets++
			}
		}
		sum, n = sum+losses[i]*targets, n+targets
	}
	if o.Teacher == nil {
		return sum / n
	}
	// Cross-entropy with the teacher's distribution is the divergence and a constant.
	soft := 0.0
	p, q := logProbabilities(t, m, windows), logProbabilities(t, o.Teacher, windows)
	for i := range p {
		soft -= math.Exp(q[i]) * p[i]
	}
	return (1-o.Distill)*sum/n + o.Distill*soft/n
}

// logProbabilities are those of every token at every position: Loss with each token as the only
// target.
func logProbabilities(t *testing.T, m *Model, windows [][]int32) (all []float64) {
	t.Helper()
	tr := newTrainer(t, m, Options{Kernel: "portable", Threads: 1})
	tr.pack()
	w := tr.workers[0]
	time := w.fill(windows)
	if err := tr.net.k.room(&w.predict, len(w.tokens), time, false); err != nil {
		t.Fatal(err)
	}
	nats := make([]float32, len(w.tokens))
	for token := range m.Config.Vocab {
		for i := range w.targets {
			w.targets[i] = int32(token)
		}
		tr.net.pass(w.predict, w.tokens, w.targets, len(windows), time, 0, nil, nats, nil, nil, 0)
		for _, v := range nats {
			all = append(all, -float64(v))
		}
	}
	return all
}

// TestKernels: every kernel has the cost and the gradient of the portable one, up to the rounding
// of its elements.
func TestKernels(t *testing.T) {
	shape := Config{Vocab: 320, Width: 128, Layers: 2, Heads: 4, KVHeads: 2, FFN: 160, Context: 160}
	windows := randomWindows(shape, 3, 160, 6)
	m := busy(t, shape, 2)
	want := gradients(t, m, Options{Kernel: "portable", Threads: 1}, windows)
	wantLoss := objective(t, m, Options{}, windows)
	for name, tolerance := range map[string]float64{"avx2": 1e-4, "avx512": 1e-4, "amx": 0.06} {
		t.Run(name, func(t *testing.T) {
			got := gradients(t, m, Options{Kernel: name, Threads: 1}, windows)
			list, _ := m.Config.tensors()
			for _, s := range list {
				var off, size float64
				for i := s.at; i < s.at+s.size(); i++ {
					d := float64(got[i] - want[i])
					off, size = off+d*d, size+float64(want[i])*float64(want[i])
				}
				if !(math.Sqrt(off) <= tolerance*math.Sqrt(size)) {
					t.Errorf("%s: gradient is off by %.5f of its size", s.name, math.Sqrt(off/size))
				}
			}
			losses, err := newTrainer(t, m, Options{Kernel: name}).Loss(windows)
			if err != nil {
				t.Fatal(err)
			}
			if got := (losses[0] + losses[1] + losses[2]) / 3; !(math.Abs(got-wantLoss) <= tolerance*0.05*wantLoss) {
				t.Errorf("loss is %.6f, want %.6f", got, wantLoss)
			}
		})
	}
}

// TestMuonKernels: the update of every kernel is that of the portable one.
func TestMuonKernels(t *testing.T) {
	windows := randomWindows(tiny, 2, 64, 7)
	want := busy(t, tiny, 3)
	if _, err := newTrainer(t, want, Options{Kernel: "portable", Threads: 1}).Step(windows, 1); err != nil {
		t.Fatal(err)
	}
	start := busy(t, tiny, 3)
	for name, tolerance := range map[string]float64{"avx2": 0.01, "avx512": 0.01, "amx": 0.1} {
		t.Run(name, func(t *testing.T) {
			m := busy(t, tiny, 3)
			if _, err := newTrainer(t, m, Options{Kernel: name, Threads: 1}).Step(windows, 1); err != nil {
				t.Fatal(err)
			}
			list, _ := m.Config.tensors()
			for _, s := range list {
				if !s.matrix {
					continue
				}
				var off, size float64
				for i := s.at; i < s.at+s.size(); i++ {
					d, u := float64(m.params[i]-want.params[i]), float64(want.params[i]-start.params[i])
					off, size = off+d*d, size+u*u
				}
				if !(math.Sqrt(off) <= tolerance*math.Sqrt(size)) {
					t.Errorf("%s: update is off by %.4f of its size", s.name, math.Sqrt(off/size))
				}
			}
		})
	}
}

// TestLearns: a model learns a short text by heart, with every kernel.
func TestLearns(t *testing.T) {
	text := "the quick brown fox jumps over the lazy dog; pack my box with five dozen liquor jugs, and sphinx of black quartz"
	var window []int32
	for i := range 65 {
		window = append(window, int32(text[i])-32)
	}
	for _, name := range []string{"portable", "avx2", "avx512", "amx"} {
		t.Run(name, func(t *testing.T) {
			m, err := New(tiny, 4)
			if err != nil {
				t.Fatal(err)
			}
			tr := newTrainer(t, m, Options{Kernel: name, Threads: 2})
			var cost Cost
			for i := range 100 {
				if cost, err = tr.Step([][]int32{window, window}, Rate(i, float64(i)/100, 0.5)); err != nil {
					t.Fatal(err)
				}
			}
			if !(cost.Nats < 0.2) {
				t.Errorf("%.3f nats per token after 100 steps", cost.Nats)
			}
			if tr.Kernel() != name {
				t.Errorf("kernel is %q, want %q", tr.Kernel(), name)
			}
		})
	}
}

// TestResume: a run that is saved and goes on has the bits of one that was not interrupted, on
// several threads.
func TestResume(t *testing.T) {
	step := func(tr *Trainer, i int) {
		if _, err := tr.Step(randomWindows(tiny, 5, 32, uint64(i)), 1); err != nil {
			t.Fatal(err)
		}
	}
	fresh := func(seed uint64) (*Model, *Trainer) {
		m, err := New(tiny, seed)
		if err != nil {
			t.Fatal(err)
		}
		return m, newTrainer(t, m, Options{Threads: 3})
	}
	straight, tr := fresh(5)
	var state bytes.Buffer
	for i := range 6 {
		if i == 3 {
			if err := tr.SaveState(&state, []byte(`{"at":3}`)); err != nil {
				t.Fatal(err)
			}
		}
		step(tr, i)
	}
	saved := state.Bytes()
	resumed, tr := fresh(6)
	extra, err := tr.LoadState(bytes.NewReader(saved))
	if err != nil || string(extra) != `{"at":3}` || tr.Steps() != 3 {
		t.Fatalf("extra is %s at step %d, %v", extra, tr.Steps(), err)
	}
	for i := 3; i < 6; i++ {
		step(tr, i)
	}
	if !slices.Equal(straight.params, resumed.params) {
		t.Error("the parameters differ")
	}
	if _, err := tr.LoadState(bytes.NewReader(saved[:len(saved)-1])); err == nil {
		t.Error("a truncated state was loaded")
	}
	if m, err := LoadModel(bytes.NewReader(saved)); err != nil || m.Config != straight.Config {
		t.Errorf("model of the state is %+v, %v", m, err)
	}
	other, err := New(Config{Vocab: 32, Width: 32, Layers: 1, Heads: 1, KVHeads: 1, FFN: 32, Context: 32}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newTrainer(t, other, Options{}).LoadState(bytes.NewReader(saved)); err == nil {
		t.Error("the state of another model was loaded")
	}
}

func TestThreads(t *testing.T) {
	windows := randomWindows(tiny, 7, 64, 8)
	m := busy(t, tiny, 6)
	want, err := newTrainer(t, m, Options{Threads: 1}).Loss(windows)
	if err != nil {
		t.Fatal(err)
	}
	got, err := newTrainer(t, m, Options{Threads: 4, Rows: 64}).Loss(windows)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("losses are %v, want %v (%v)", got, want, err)
	}
}

func TestWindows(t *testing.T) {
	tr := newTrainer(t, busy(t, tiny, 7), Options{})
	for name, windows := range map[string][][]int32{
		"none": {}, "short": {make([]int32, 32)}, "not equal": {make([]int32, 33), make([]int32, 65)}, "unknown token": {slices.Repeat([]int32{96}, 33)},
		"padding inside": {append(append([]int32{-1}, make([]int32, 31)...), 1)}, "nothing": {append([]int32{1}, slices.Repeat([]int32{-1}, 32)...)},
	} {
		if _, err := tr.Step(windows, 1); !errors.Is(err, ErrWindow) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	if _, err := NewTrainer(tr.m, Options{Kernel: "abacus"}); !errors.Is(err, ErrKernel) {
		t.Errorf("error is %v", err)
	}
}

func writeFile(t *testing.T, path string, m *Model, form gguf.TensorType) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.Write(&b, form); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestWriteLoad: a file has the model's parameters again, exactly as float32, and close to them as
// Q8_0.
func TestWriteLoad(t *testing.T) {
	for _, tied := range []bool{false, true} {
		c := tiny
		c.Tied = tied
		m := busy(t, c, 8)
		m.Metadata = []gguf.KeyValue{{Key: "tokenizer.ggml.tokens", Value: []string{"a", "b"}}, {Key: "tokenizer.ggml.token_type", Value: []int32{1, 3}}}
		m.SetName("first")
		m.SetName("second")
		for form, tolerance := range map[gguf.TensorType]float64{gguf.F32: 0, gguf.F16: 1e-3, gguf.Q8_0: 0.01, gguf.Q4_0: 0.2} {
			path := filepath.Join(t.TempDir(), "m.gguf")
			written := writeFile(t, path, m, form)
			got, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range got.params {
				if !(math.Abs(float64(v-m.params[i])) <= tolerance*0.5+tolerance*math.Abs(float64(v))) {
					t.Fatalf("%v: parameter %d is %g, was %g", form, i, v, m.params[i])
				}
			}
			if got.Config.Tied != tied || len(got.Metadata) != 3 || got.Metadata[0].Value != "second" ||
				!slices.Equal(got.Metadata[1].Value.([]string), []string{"a", "b"}) {
				t.Errorf("%v: %+v, %v", form, got.Config, got.Metadata)
			}
			again := writeFile(t, path, got, form)
			if form == gguf.F32 && !bytes.Equal(again, written) {
				t.Error("a file that was loaded is written otherwise")
			}
		}
	}
}
