package coder_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/lm"
)

// oddBOS is a model that says so of its BOS.
type oddBOS struct {
	*fakemodel.Model
	bos int32
}

func (m *oddBOS) BOS() int32 { return m.bos }

// Nothing can be coded with these: an error says so when they are probed, which writers and readers
// do first, and when they are asked.
func TestUnusableVocabularies(t *testing.T) {
	model := func(pieces [][]byte) lm.Model { return fakemodel.New(fakemodel.Options{Pieces: pieces}) }
	for name, m := range map[string]lm.Model{
		"empty":        model([][]byte{}),
		"all control":  model(make([][]byte, 512)),
		"one control":  model([][]byte{nil}),
		"empty pieces": model([][]byte{{}, {}}),
		"too large":    model(slices.Repeat([][]byte{[]byte("a")}, 1<<18+1)),
		"no BOS":       &oddBOS{fakemodel.New(fakemodel.Options{}), -1},
		"BOS beyond":   &oddBOS{fakemodel.New(fakemodel.Options{}), 1 << 20},
	} {
		if _, err := coder.Probe(t.Context(), m); !errors.Is(err, codec.ErrVocabulary) {
			t.Errorf("%s: the probe says %v", name, err)
		}
		p := testParams
		p.Level = 1
		codectest.Run(t, m, p, func(l *coder.Lane) error {
			for _, method := range append([]codec.Method{codec.Mix}, tokenMethods...) {
				if _, err := coder.New(method, l, p); !errors.Is(err, codec.ErrVocabulary) {
					t.Errorf("%s, method %d: %v", name, method, err)
				}
			}
			return nil
		})
	}
}

// With these all that their pieces spell is coded, with LM, and everything with Mix.
func TestOddVocabularies(t *testing.T) {
	long := bytes.Repeat([]byte("long "), 60)
	for name, pieces := range map[string][][]byte{
		"one token":        {[]byte("a")},
		"two tokens":       {nil, []byte("a")},
		"BOS has a piece":  {[]byte("a"), []byte("b")},
		"missing bytes":    {nil, []byte("a"), []byte("abc"), []byte("error")},
		"duplicate pieces": append(fakemodel.DefaultPieces(), fakemodel.DefaultPieces()...),
		"control between":  append(append(fakemodel.DefaultPieces(), make([][]byte, 300)...), []byte("LOG: ")),
		"a long piece":     append(fakemodel.DefaultPieces(), long),
		"halves":           append(fakemodel.DefaultPieces(), []byte("\xe6\x97"), []byte("\xa5"), []byte("\xff\xfe")),
	} {
		m := fakemodel.New(fakemodel.Options{Pieces: pieces})
		if _, err := coder.Probe(t.Context(), m); err != nil {
			t.Errorf("%s: the probe says %v", name, err)
		}
		for _, text := range [][]byte{[]byte("aaaaaaaa"), excerpt(t, 600), slices.Concat(long[:200], []byte("日本\xff\xfe\x00"), long)} {
			p := testParams
			for _, method := range tokenMethods {
				codectest.Run(t, m, p, func(l *coder.Lane) error {
					c, err := coder.New(method, l, p)
					if err != nil {
						return err
					}
					payload, err := c.Encode(nil, text)
					if errors.Is(err, coder.ErrNotSpellable) && len(pieces) < 256 {
						return nil
					}
					if err != nil {
						return err
					}
					back, err := c.Decode(nil, payload, len(text))
					if !bytes.Equal(back, text) {
						t.Errorf("%s, %s: %.10q… does not come back", name, method, text)
					}
					return err
				})
			}
			mixWith(t, m, 1, nil, text)
		}
	}
}

// notFinite are rows that are no distribution.
var notFinite = map[string]func(row []float32){
	"one NaN":  func(row []float32) { row[len(row)/2] = float32(math.NaN()) },
	"last NaN": func(row []float32) { row[len(row)-1] = float32(math.NaN()) },
	"one +Inf": func(row []float32) { row[3] = float32(math.Inf(1)) },
	"-Inf throughout": func(row []float32) {
		for i := range row {
			row[i] = float32(math.Inf(-1))
		}
	},
}

// spoiled is a model whose rows after n tokens in the window, and after every twentieth behind
// that, are not finite.
func spoiled(n int, spoil func([]float32)) *fakemodel.Model {
	return fakemodel.New(fakemodel.Options{Row: func(held []int32, row []float32) {
		if len(held) >= n && (len(held)-n)%20 == 0 {
			spoil(row)
		}
	}})
}

// With rows that are not finite methods that code tokens fail, on either side, in a way that leaves
// other methods to try and damage to report.
func TestTokensNotFinite(t *testing.T) {
	text := excerpt(t, 2000)
	for name, spoil := range notFinite {
		if _, err := coder.Probe(t.Context(), spoiled(10, spoil)); !errors.Is(err, codec.ErrLogits) {
			t.Errorf("%s: the probe says %v", name, err)
		}
	}
	for _, method := range tokenMethods {
		payload := codectest.RoundTrip(t, fakemodel.New(fakemodel.Options{}), method, testParams, text)
		for name, spoil := range notFinite {
			for _, n := range []int{1, 10} {
				codectest.Run(t, spoiled(n, spoil), testParams, func(l *coder.Lane) error {
					c, err := coder.New(method, l, testParams)
					if err != nil {
						return err
					}
					dst := []byte("head")
					if got, err := c.Encode(dst, text); !errors.Is(err, codec.ErrLogits) || !bytes.Equal(got, dst) {
						t.Errorf("%s, %s after %d tokens: encoding gives %d bytes, %v", method, name, n, len(got), err)
					}
					got, err := c.Decode(dst, payload, len(text))
					if !errors.Is(err, coder.ErrCorrupt) || !errors.Is(err, codec.ErrLogits) || !bytes.Equal(got, dst) {
						t.Errorf("%s, %s after %d tokens: decoding gives %d bytes, %v", method, name, n, len(got), err)
					}
					return nil
				})
			}
		}
	}
}

// Mix takes a row that is not finite for one that says nothing, whatever is wrong with it, and goes
// on asking the model.
func TestMixNotFinite(t *testing.T) {
	good := fakemodel.New(fakemodel.Options{})
	text := codectest.Generate(t, good, 1500)
	alone := mixWith(t, nil, 4, nil, text)
	var first []byte
	for name, spoil := range notFinite {
		payload := mixWith(t, spoiled(20, spoil), 4, nil, text)
		if first == nil {
			first = payload
		}
		if !bytes.Equal(payload, first) {
			t.Errorf("%s: other bytes than with another row that is not finite", name)
		}
		if len(payload) >= len(alone) {
			t.Errorf("%s: %d bytes, %d without the model: it is not asked any more", name, len(payload), len(alone))
		}
		mixWith(t, spoiled(1, spoil), 4, nil, text)
	}
}

// shortRows is a model with rows of fewer logits than it has tokens.
type shortRows struct{ *fakemodel.Model }

type shortSession struct{ lm.Session }

func (m *shortRows) NewSession(lanes, window int) (lm.Session, error) {
	s, err := m.Model.NewSession(lanes, window)
	return &shortSession{s}, err
}

func (s *shortSession) Logits(i int) lm.Row { return lm.Row{Float: s.Session.Logits(i).Float[:100]} }

// An engine whose rows do not fit the vocabulary ends the work with an error.
func TestShortRows(t *testing.T) {
	m := &shortRows{fakemodel.New(fakemodel.Options{})}
	for _, method := range append([]codec.Method{codec.Mix}, tokenMethods...) {
		w, err := coder.NewWorker(m, 2, 64)
		if err != nil {
			t.Fatal(err)
		}
		job := func(l *coder.Lane) error {
			c, err := coder.New(method, l, coder.Params{Window: testPolicy, Level: 1})
			if err == nil {
				_, err = c.Encode(nil, excerpt(t, 1000))
			}
			return err
		}
		if err := w.Run(t.Context(), source(job, job)); !errors.Is(err, codec.ErrLogits) {
			t.Errorf("method %d: %v", method, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A coder that was kept and is used outside of a job of its lane says so.
func TestKeptCoder(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	w := newWorker(t, m, 2)
	text := excerpt(t, 300)
	p := coder.Params{Window: testPolicy}
	var kept coder.Coder
	err := w.Run(t.Context(), source(func(l *coder.Lane) (err error) {
		kept, err = coder.New(codec.LM, l, p)
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kept.Encode(nil, text); !errors.Is(err, coder.ErrStopped) {
		t.Errorf("outside of Run: %v", err)
	}
	// The job of lane 1 uses the coder of lane 0, whose job waits for its logits meanwhile.
	err = w.Run(t.Context(), source(func(l *coder.Lane) error {
		c, err := coder.New(codec.LM, l, p)
		if err != nil {
			return err
		}
		payload, err := c.Encode(nil, text)
		if err != nil {
			return err
		}
		back, err := c.Decode(nil, payload, len(text))
		if !bytes.Equal(back, text) {
			t.Error("the text does not come back")
		}
		return err
	}, func(*coder.Lane) error {
		if _, err := kept.Encode(nil, text); !errors.Is(err, coder.ErrStopped) {
			t.Errorf("in a job of another lane: %v", err)
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
}

// When its context ends in the middle of a chunk, LM asks the model no more and returns the
// context's error.
func TestContextInChunk(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		ctx, cancel := context.WithCancel(t.Context())
		rows, after := 0, 0
		m := fakemodel.New(fakemodel.Options{Row: func([]int32, []float32) {
			if rows++; rows == 100 {
				cancel()
			}
			if rows > 100 {
				after++
			}
		}})
		w := newWorker(t, m, lanes)
		job := func(l *coder.Lane) error {
			c, err := coder.New(codec.LM, l, coder.Params{Window: testPolicy})
			if err == nil {
				_, err = c.Encode(nil, bytes.Repeat([]byte("\xff\xfe no text "), 1<<18))
			}
			return err
		}
		err := w.Run(ctx, source(job, job, job))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d lanes: %v", lanes, err)
		}
		if after >= lanes {
			t.Errorf("%d lanes: %d rows were computed after the context's end", lanes, after)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := fakemodel.New(fakemodel.Options{Row: func([]int32, []float32) { t.Error("the model was asked") }})
	if _, err := coder.Probe(ctx, m); !errors.Is(err, context.Canceled) {
		t.Errorf("probe: %v", err)
	}
}

// tokenizing tells how much text is tokenized at once.
type tokenizing struct {
	*fakemodel.Model
	most int
}

func (m *tokenizing) Tokenize(text []byte) ([]int32, error) {
	m.most = max(m.most, len(text))
	return m.Model.Tokenize(text)
}

// What no context can end, turning bytes into tokens, is done in small parts, be they text or not.
func TestTokensInParts(t *testing.T) {
	for name, text := range map[string][]byte{
		"line":     bytes.Repeat([]byte("日本"), 100_000),
		"no text":  bytes.Repeat([]byte{0xff, 0x80}, 200_000),
		"no char":  bytes.Repeat([]byte{0x80}, 300_000),
		"lines":    []byte(strings.Repeat("LOG:  from port 10\n", 20_000)),
		"cut char": append(bytes.Repeat([]byte{'a'}, 16<<10-1), "日本"...),
	} {
		m := &tokenizing{Model: fakemodel.New(fakemodel.Options{})}
		v, err := coder.NewVocabulary(m)
		if err != nil {
			t.Fatal(err)
		}
		var back []byte
		for rest := text; len(rest) > 0; {
			var tokens []int32
			before := len(rest)
			if tokens, rest, err = v.AppendTokens(nil, rest); err != nil {
				t.Fatal(err)
			}
			if n := before - len(rest); n < 1 || n > 16<<10 {
				t.Fatalf("%s: %d bytes at once", name, n)
			}
			for _, token := range tokens {
				back = append(back, v.Piece(token)...)
			}
		}
		if !bytes.Equal(back, text) {
			t.Errorf("%s: it comes back as %d other bytes", name, len(back))
		}
		if m.most > 16<<10 {
			t.Errorf("%s: %d bytes tokenized at once", name, m.most)
		}
	}
}
