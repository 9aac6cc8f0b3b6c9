// Package codectest holds the tests that every lm.Model must pass, the fake one and llama's alike.
package codectest

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// Run runs one job on a worker of its own with one lane of the window that the params ask for. With
// m nil there is no model.
func Run(t testing.TB, m lm.Model, p coder.Params, job func(*coder.Lane) error) {
	t.Helper()
	w, err := coder.NewWorker(m, 1, p.Window.Window)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	given := false
	err = w.Run(t.Context(), func(bool) (func(*coder.Lane) error, bool) {
		ok := !given
		given = true
		return job, ok
	})
	if err != nil {
		t.Fatal(err)
	}
}

// RoundTrip encodes and decodes the chunk, on workers of their own, and returns the payload.
func RoundTrip(t testing.TB, m lm.Model, method codec.Method, p coder.Params, chunk []byte) (payload []byte) {
	t.Helper()
	Run(t, m, p, func(l *coder.Lane) error {
		c, err := coder.New(method, l, p)
		if err != nil {
			return err
		}
		payload, err = c.Encode([]byte("head"), chunk)
		return err
	})
	payload, ok := bytes.CutPrefix(payload, []byte("head"))
	if !ok {
		t.Fatal("Encode does not append")
	}
	Run(t, m, p, func(l *coder.Lane) error {
		c, err := coder.New(method, l, p)
		if err != nil {
			return err
		}
		got, err := c.Decode([]byte("head"), payload, len(chunk))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, slices.Concat([]byte("head"), chunk)) {
			t.Errorf("method %d: %d bytes come back as %d others", method, len(chunk), len(got)-len("head"))
		}
		return nil
	})
	return payload
}

// OverCost codes the chunk with codec.LM and compares the payload with the model's ideal code
// length of its tokens: the sum of -log2 softmax in float64, of which no token has less than about
// 2^-31, as coder.CDF has it. The payload may have 0.1 % and 4 bytes more.
func OverCost(t testing.TB, m lm.Model, p coder.Params, chunk []byte) {
	t.Helper()
	payload := RoundTrip(t, m, codec.LM, p, chunk)
	bits, tokens := 0.0, 0
	Run(t, m, p, func(l *coder.Lane) error {
		v, err := l.Vocabulary()
		if err != nil {
			return err
		}
		row, err := l.Start(p.Window, nil)
		for rest := chunk; len(rest) > 0; {
			var run []int32
			if run, rest, err = v.AppendTokens(nil, rest); err != nil {
				return err
			}
			for _, token := range run {
				bits -= logSoftmax(row.Nats(), token) / math.Ln2
				if row, err = l.Predict(token); err != nil {
					return err
				}
			}
			tokens += len(run)
		}
		return err
	})
	ideal, got := bits/8, float64(len(payload))
	t.Logf("%s: %d bytes as %d tokens: ideal %.2f, payload %d bytes (%+.4f %%, %+.2f bytes)",
		m.ID().Name, len(chunk), tokens, ideal, len(payload), 100*(got/ideal-1), got-ideal)
	if got > ideal*1.001+4 {
		t.Errorf("payload of %d bytes, ideal %.2f", len(payload), ideal)
	}
	if got < ideal*0.999-1 {
		t.Errorf("payload of %d bytes is less than the ideal %.2f: one of them is wrong", len(payload), ideal)
	}
}

func logSoftmax(row []float32, token int32) float64 {
	top, sum := float64(slices.Max(row)), 0.0
	weight := func(v float32) float64 { return math.Exp(float64(v)-top) + math.Ldexp(1, -31) }
	for _, v := range row {
		sum += weight(v)
	}
	return math.Log(weight(row[token]) / sum)
}

// Generate makes text of n bytes or a little more that m predicts well: its likeliest pieces, and a
// quarter of others.
func Generate(t testing.TB, m lm.Model, n int) (text []byte) {
	t.Helper()
	p := coder.Params{Window: kvcache.Policy{Reset: kvcache.Overlap, Window: 64, Overlap: 16}}
	rng := rand.New(rand.NewPCG(3, 4))
	pieces := m.Pieces()
	Run(t, m, p, func(lane *coder.Lane) error {
		row, err := lane.Start(p.Window, nil)
		for len(text) < n && err == nil {
			logits, best := row.Nats(), 0
			for i := range logits {
				if len(pieces[i]) > 0 && (logits[i] > logits[best] || len(pieces[best]) == 0) {
					best = i
				}
			}
			if rng.IntN(4) == 0 {
				best = 1 + rng.IntN(len(logits)-1)
			}
			text = append(text, pieces[best]...)
			row, err = lane.Predict(int32(best))
		}
		return err
	})
	return text
}

// Chunks are inputs that have broken coders before, some with parts of a log of 2000 bytes.
func Chunks(log []byte) map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 1500)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	return map[string][]byte{
		"empty":            {},
		"one byte":         {'x'},
		"NUL":              make([]byte, 100),
		"all bytes":        slices.Concat(noise[:0:0], []byte("ab"), allBytes()),
		"noise":            noise,
		"log":              log[:2000],
		"cut character":    []byte("caf\xc3"),
		"surrogate":        []byte("a\xed\xa0\x80b"),
		"overlong":         []byte("\xc0\x80\xe0\x80\x80"),
		"only tails":       bytes.Repeat([]byte{0x80}, 300),
		"long line":        bytes.Repeat([]byte("é日"), 1000),
		"line ends":        []byte("a\r\nb\n\nc\r\r\n"),
		"spaces":           []byte("   a  b\t\t c   "),
		"denormal":         []byte("\u00c5ngstr\u00f6m and A\u030angstro\u0308m"),
		"mixed":            slices.Concat(log[:1000], noise[:300], log[:1000], []byte{0xff}, []byte("日本")),
		"spaces, bad byte": []byte(" \xff  \xfe "),
	}
}

func allBytes() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

// Corrupt changes the payload of a chunk: what comes back has the right size or is ErrCorrupt, and
// other sizes are refused.
func Corrupt(t testing.TB, m lm.Model, method codec.Method, p coder.Params, chunk []byte) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	payload := RoundTrip(t, m, method, p, chunk)
	Run(t, m, p, func(l *coder.Lane) error {
		c, err := coder.New(method, l, p)
		if err != nil {
			return err
		}
		decode := func(payload []byte, n int) error {
			got, err := c.Decode([]byte("head"), payload, n)
			if err == nil && len(got) != len("head")+n {
				t.Errorf("%s: %d bytes, want %d", method, len(got), n)
			}
			if err != nil && (!errors.Is(err, coder.ErrCorrupt) || string(got) != "head") {
				t.Errorf("%s: %q, %v", method, got, err)
			}
			return err
		}
		for _, n := range []int{0, 1, len(chunk) - 1, len(chunk) + 1, 1 << 30} {
			if decode(payload, n) == nil {
				t.Errorf("%s: %d bytes of %d", method, n, len(chunk))
			}
		}
		for n := 0; n < len(payload); n += 1 + n/20 {
			if decode(payload[:n], len(chunk)) == nil {
				t.Errorf("%s: %d bytes of a payload of %d", method, n, len(payload))
			}
		}
		if decode(append(bytes.Clone(payload), 0), len(chunk)) == nil {
			t.Errorf("%s: a payload with one byte more", method)
		}
		for range 60 {
			bad := bytes.Clone(payload)
			bad[rng.IntN(len(bad))] ^= byte(1 + rng.UintN(255))
			decode(bad, len(chunk))
		}
		return decode(payload, len(chunk))
	})
}
