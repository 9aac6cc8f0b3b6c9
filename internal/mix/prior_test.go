package mix

import (
	"bytes"
	"context"
	"slices"
	"testing"
)

// What the program brings along has the size that the levels expect, and no other: a change of
// their contexts or sets needs weights learnt anew.
func TestLearntSize(t *testing.T) {
	for i, k := range pupils {
		l := k.spec()
		if got, want := len(learnt(i)), l.learntSize(); got != want {
			t.Errorf("learnt/%s.zst holds %d weights, its levels have %d: run scripts/prior", pupilNames[i], got, want)
		}
	}
	if n := len(prior()); n < levels[6].prior.history {
		t.Errorf("the prior has %d bytes, levels want %d of them", n, levels[6].prior.history)
	}
}

// startWith makes models start with another prior and other weights until the test ends.
func startWith(t *testing.T, text []byte, weights func(int) []int16) {
	ownText, ownWeights := prior, learnt
	t.Cleanup(func() { prior, learnt, priors = ownText, ownWeights, priorCache{} })
	prior, learnt, priors = func() []byte { return text }, weights, priorCache{}
}

// A payload does not decode with a prior of which a byte is different, nor with other weights.
func TestOtherPrior(t *testing.T) {
	src := lines(60, 3)
	text, weights := prior(), learnt
	near := bytes.Clone(text)
	near[len(near)-100] ^= 1
	other := func(pupil int) []int16 {
		v := slices.Clone(weights(pupil))
		for i := range v {
			v[i] += 16
		}
		return v
	}
	for _, level := range []int{1, 2, 3, 4, 6, 9} {
		startWith(t, text, weights)
		payload := encode(t, Params{Level: level}, src)
		for name, start := range map[string]func(){
			"prior":   func() { startWith(t, near, weights) },
			"weights": func() { startWith(t, text, other) },
		} {
			start()
			var c Coder
			if back, err := c.Decode(t.Context(), Params{Level: level}, nil, payload, len(src)); err == nil && bytes.Equal(back, src) {
				t.Errorf("-%d: other %s, and the same text", level, name)
			}
		}
	}
}

// What is read without coding is the history of what follows, at every level: a chunk that repeats
// a part of the prior costs hardly anything.
func TestPriorIsKnown(t *testing.T) {
	text := prior()
	part := text[len(text)-6000 : len(text)-2000]
	for level := 0; level < len(levels); level++ {
		if n := len(encode(t, Params{Level: level}, part)); n > 400 {
			t.Errorf("-%d: %d bytes for %d that the prior has", level, n, len(part))
		}
	}
}

// A text that ctx has no time for is not read.
func TestReadStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var m model
	if err := m.clear(t.Context(), kindFor(1, false, 1000, true)); err != nil {
		t.Fatal(err)
	}
	if err := m.read(ctx, prior(), 1000); err == nil {
		t.Error("a context that has ended stops nothing")
	}
	if m.level.prior != levels[1].prior.forText(10) || len(m.contexts) != len(levels[1].contexts) {
		t.Error("the model is not what it was")
	}
}

// Learning is repeatable, what is stored is what is used, and it is worth something.
func TestLearn(t *testing.T) {
	k := kind{number: 3}
	texts := [][]byte{lines(60, 11), numbered(4000, 5), lines(90, 12)}
	v, err := k.learn(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := k.learn(t.Context(), texts); err != nil || !slices.Equal(v, again) {
		t.Errorf("learnt differently a second time: %v", err)
	}
	text := prior()
	src := lines(30, 13)
	size := func(w []int16) int {
		startWith(t, text, func(int) []int16 { return w })
		return len(encode(t, Params{Level: 3}, src))
	}
	l := k.spec()
	if before, after := size(l.firstWeights()), size(v); after >= before {
		t.Errorf("%d bytes with weights learnt, %d without", after, before)
	}
	if v := learnt(0); !slices.Equal(split16(join16(v)), v) {
		t.Error("weights are not what was stored")
	}
}

// A chunk unpacks the weights of its own kind, and no others.
func TestLearntAsked(t *testing.T) {
	text, weights := prior(), learnt
	for _, c := range []struct {
		level int
		src   []byte
		want  int
	}{{1, lines(9, 1), 0}, {3, lines(9, 1), 2}, {6, lines(9, 1), 4}, {7, lines(9, 1), 5}, {9, lines(9, 1), 6}, {9, prosaic(900, 1), 7}} {
		var asked []int
		startWith(t, text, func(pupil int) []int16 {
			asked = append(asked, pupil)
			return weights(pupil)
		})
		encode(t, Params{Level: c.level}, c.src)
		if !slices.Equal(asked, []int{c.want}) {
			t.Errorf("-%d: weights of pupils %d, want %d", c.level, asked, c.want)
		}
	}
}

// Lessons that wait for each other leave what those leave that are given one by one.
func TestLessons(t *testing.T) {
	text := prior()[:3001]
	for _, level := range []int{1, 4, 6} {
		var m, want model
		for _, x := range []*model{&m, &want} {
			if err := x.clear(t.Context(), kindFor(level, false, 1, false)); err != nil {
				t.Fatal(err)
			}
			x.level.contexts = x.level.taught()
		}
		if err := m.read(t.Context(), text, len(text)); err != nil {
			t.Fatal(err)
		}
		for _, c := range text {
			want.hashContexts()
			want.lesson(0, uint32(c>>4))
			want.lesson(saltOfLow(uint32(c>>4)|16), uint32(c&15))
			want.pass(c)
		}
		if !bytes.Equal(m.slots, want.slots) {
			t.Errorf("-%d: other histories", level)
		}
	}
}

// lesson adds a nibble to the histories, bit by bit.
func (m *model) lesson(salt, nibble uint32) {
	m.askSlots(salt)
	m.startNibble()
	for bit := 3; bit >= 0; bit-- {
		y := nibble >> bit & 1
		for _, at := range m.slot[:len(m.contexts)] {
			st := &m.slots[at+slotNodes+m.node]
			*st = nextState[*st][y]
		}
		m.node = m.node<<1 | y
	}
}

// Weights at their limits keep their sign when they are rounded.
func TestCoarseLimits(t *testing.T) {
	rows, first, mean := []int16{32767, -32768, 32767, -32768}, []int16{0, 0}, []int16{7, -7}
	for _, unit := range []int{16, 64} {
		for i, w := range coarse(rows, first, mean, unit) {
			if d := int(w) - int(rows[i]); d < -unit || d > unit {
				t.Errorf("unit %d: %d became %d", unit, rows[i], w)
			}
		}
	}
}
