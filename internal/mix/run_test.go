package mix

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"
)

// patchwork is text full of runs: zeros, lines and blocks over and over, earlier stretches again,
// with and without small differences, and noise in between.
func patchwork(r *rand.Rand, n int) (text []byte) {
	length := func() int {
		edges := []int{1, 2, 19, 20, runAfter, runReplay, runUnit, runAfter + runUnit, 4096}
		return max(1, edges[r.IntN(len(edges))]+r.IntN(5)-2+r.IntN(2)*r.IntN(3000))
	}
	for len(text) < n {
		switch r.IntN(6) {
		case 0:
			text = append(text, bytes.Repeat([]byte{byte(r.IntN(2) * 255)}, length())...)
		case 1:
			line := lines(1, r.Uint64())
			text = append(text, bytes.Repeat(line, 1+length()/len(line))...)
		case 2:
			if len(text) > 0 {
				from := r.IntN(len(text))
				text = append(text, text[from:min(len(text), from+length())]...)
			}
		case 3:
			if len(text) > 0 {
				text[len(text)-1-r.IntN(min(len(text), 50))] ^= 1
			}
		case 4:
			text = append(text, lines(1+r.IntN(4), r.Uint64())...)
		default:
			for range r.IntN(40) {
				text = append(text, byte(r.Uint32()))
			}
		}
	}
	return text[:n]
}

// Chunks full of runs come back, cold and primed, and leave the same state coded, decoded and
// learnt.
func FuzzRuns(f *testing.F) {
	for level := range uint8(len(levels)) {
		for seed := range uint64(8) {
			f.Add(seed, level, uint16(1000*seed))
		}
	}
	smallTables(f)
	var c, e Coder
	f.Fuzz(func(t *testing.T, seed uint64, level uint8, size uint16) {
		r := rand.New(rand.NewPCG(seed, 0))
		text := patchwork(r, int(size))
		at := r.IntN(len(text) + 1)
		p := Params{Level: int(level) % len(levels), Later: 1 + len(text)}
		trip := func(p Params, chunk []byte) {
			payload := encodeBy(t, &e, p, chunk)
			if back, err := c.Decode(t.Context(), p, nil, payload, len(chunk)); err != nil || !bytes.Equal(back, chunk) {
				t.Fatalf("%d bytes do not come back: %v", len(chunk), err)
			}
		}
		trip(p, text[:at])
		decoded := Params{Level: p.Level, Primed: c.Take()}
		trip(decoded, text[at:])
		state, err := Prime(t.Context(), p.Level, p.Later, text[:at])
		if err != nil {
			t.Fatal(err)
		}
		learnt := Params{Level: p.Level, Primed: state}
		if !bytes.Equal(encodeBy(t, &e, learnt, text[at:]), encodeBy(t, &e, decoded, text[at:])) {
			t.Fatal("the state after decoding is not that after Prime")
		}
	})
}

// The fast copy and the fast comparison do what is done byte by byte.
func FuzzRepeat(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(seed, uint16(700*seed), uint16(3*seed*seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, length, distance uint16) {
		r := rand.New(rand.NewPCG(seed, 0))
		history := make([]byte, 2+int(distance))
		for i := range history {
			history[i] = byte(r.IntN(2))
		}
		from := max(1, len(history)-1-int(distance))
		want := bytes.Clone(history)
		for i := range runReplay + int(length) {
			want = append(want, want[from+i])
		}
		var m model
		if err := m.clear(t.Context(), kind{number: 1, bits: 8}); err != nil {
			t.Fatal(err)
		}
		m.buf = append(m.buf, history...)
		m.cursor.experts[longMatch] = expert{ptr: from, length: runAfter}
		text := want[len(history):]
		if wrong := r.IntN(len(text)); seed%2 == 0 {
			text = bytes.Clone(text)
			text[wrong] ^= 2
			if n := m.runLength(t.Context(), text); n != wrong/runUnit*runUnit {
				t.Fatalf("a run of %d, want %d", n, wrong)
			}
		} else if n := m.runLength(t.Context(), text); n != len(text) && len(text) >= runUnit {
			t.Fatalf("a run of %d, want %d", n, len(text))
		}
		if err := m.repeat(t.Context(), runReplay+int(length), true); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(m.buf, want) {
			t.Fatalf("%d bytes at a distance of %d are others than one by one", len(want)-len(history), distance)
		}
	})
}

// What a run costs does not grow with its length: neither bytes nor steps of the model nor of the
// parser.
func TestRunsCostNothing(t *testing.T) {
	block := noise(5000)
	for name, unit := range map[string][]byte{"zeros": {0}, "lines": lines(1, 1), "blocks": block} {
		for _, level := range []int{1, 6} {
			var sizes, steps [2]int
			for i, n := range []int{1<<20 + 1, 2 << 20} { // which have the same tables
				text := bytes.Repeat(unit, n/len(unit)+1)[:n]
				var c Coder
				payload, err := c.Encode(t.Context(), Params{Level: level}, nil, text)
				if err != nil {
					t.Fatal(err)
				}
				sizes[i], steps[i] = len(payload), int(c.model.step)
				if name == "zeros" {
					steps[i] += c.model.record.phase // of which there is one for each byte parsed
				}
				back, err := new(Coder).Decode(t.Context(), Params{Level: level}, nil, payload, n)
				if err != nil || !bytes.Equal(back, text) {
					t.Errorf("-%d %s: %d bytes do not come back: %v", level, name, n, err)
				}
			}
			if sizes[1] > sizes[0]+4 {
				t.Errorf("-%d %s: payloads of %v bytes", level, name, sizes)
			}
			if steps[1] > steps[0]+8 {
				t.Errorf("-%d %s: %v steps", level, name, steps)
			}
		}
	}
}

// A run that could be longer, was denied, or is coded as a shorter one would be, is refused: each
// chunk has one payload.
func TestRunsAreCanonical(t *testing.T) {
	text := append(make([]byte, 5000), "and then something else\n"...)
	p := Params{Level: 1}
	// lie is Encode, but for the length of the first run.
	lie := func(text []byte, change func(n, left int) (length, codedLeft int)) []byte {
		e, off := newBitEncoder(nil), bitEncoder{off: true}
		code := func(y, q uint32) uint32 {
			e.encode(y, q)
			return y
		}
		var c Coder
		if err := c.start(t.Context(), &p, len(text), lettersOf(t.Context(), text), false, code); err != nil {
			t.Fatal(err)
		}
		m := &c.model
		i := 0
		for !m.asksRun(len(text) - i) {
			i += m.encodeNext(text[i:], &e, &off)
		}
		left := len(text) - i
		n, codedLeft := change(m.runLength(t.Context(), text[i:]), left)
		m.run.codeRun(code, n, codedLeft)
		if n > 0 {
			if err := m.repeat(t.Context(), n, n == left); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.encode(t.Context(), text[i+n:], &e, &off); err != nil {
			t.Fatal(err)
		}
		return e.finish()
	}
	asked := 0
	honest := lie(text, func(n, left int) (int, int) {
		asked = len(text) - left
		return n, left
	})
	if !bytes.Equal(honest, encode(t, p, text)) {
		t.Fatal("the test's encoder is not Encode")
	}
	zeros, odd := text[:asked+3*runUnit], text[:asked+3*runUnit-1]
	for name, c := range map[string]struct{ src, payload []byte }{
		"denied":       {text, lie(text, func(_, left int) (int, int) { return 0, left })},
		"shorter":      {text, lie(text, func(n, left int) (int, int) { return n - runUnit, left })},
		"end unmarked": {zeros, lie(zeros, func(n, left int) (int, int) { return n, left + 1 })},
		"end left":     {odd, lie(odd, func(_, left int) (int, int) { return 2 * runUnit, left })},
	} {
		if _, err := new(Coder).Decode(t.Context(), p, nil, c.payload, len(c.src)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// ending is a context that ends when it has been asked often enough.
type ending struct {
	context.Context
	left int
}

func (c *ending) Err() error {
	if c.left--; c.left < 0 {
		return errEnded
	}
	return nil
}

var errEnded = errors.New("ended")

// A context is looked at every pollEvery bytes at least, and wherever much memory is moved.
func TestContext(t *testing.T) {
	src := append(lines(300, 1), make([]byte, 100<<10)...)
	for _, level := range []int{1, 6} {
		p := Params{Level: level}
		payload := encode(t, p, src)
		p.Primed = primed(t, level, nil)
		later := encode(t, p, src)
		for name, work := range map[string]func(ctx context.Context) error{
			"encode": func(ctx context.Context) error {
				_, err := new(Coder).Encode(ctx, Params{Level: level}, nil, src)
				return err
			},
			"decode": func(ctx context.Context) error {
				_, err := new(Coder).Decode(ctx, Params{Level: level}, nil, payload, len(src))
				return err
			},
			"decode primed": func(ctx context.Context) error {
				_, err := new(Coder).Decode(ctx, p, nil, later, len(src))
				return err
			},
			"prime": func(ctx context.Context) error {
				_, err := Prime(ctx, level, 0, src)
				return err
			},
		} {
			looks := &ending{t.Context(), 1 << 30}
			priors = priorCache{} // so that each reads the prior
			if err := work(looks); err != nil {
				t.Fatal(err)
			}
			n := 1<<30 - looks.left
			if least := len(lines(300, 1)) / pollEvery; n < least {
				t.Errorf("-%d %s: the context is looked at %d times, want %d", level, name, n, least)
			}
			for _, i := range []int{0, 1, 2, n / 2, n - 1} {
				priors = priorCache{}
				if err := work(&ending{t.Context(), i}); err == nil {
					t.Errorf("-%d %s: the context ends at look %d of %d, and nothing happens", level, name, i, n)
				}
			}
		}
	}
}

// Whenever a context ends, Encode says so or gives the whole payload: also where the chunk ends
// right behind a run.
func TestContextEndsAtRun(t *testing.T) {
	p := Params{Level: 1, Primed: primed(t, 1, make([]byte, 5000))} // the chunk begins with the question
	for n := runUnit - 3; n < runUnit+3; n++ {
		src := make([]byte, n)
		want := encode(t, p, src)
		for i := range 20 {
			got, err := new(Coder).Encode(&ending{t.Context(), i}, p, nil, src)
			if err == nil && !bytes.Equal(got, want) {
				t.Fatalf("%d bytes: the context ends at look %d, and the payload is another one", n, i)
			}
		}
	}
}
