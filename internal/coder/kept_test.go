package coder_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/bwt"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/kvcache"
	"github.com/lmz-go/lmz/lm"
)

// Coders of one lane do not change each other, whatever they were made for: each gives the payload
// that it gives alone.
func TestCodersAreKept(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	text, other := excerpt(t, 3000), codectest.Generate(t, m, 2000)
	primed, err := coder.Prime(t.Context(), 3, len(text), other)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*coder.Params)) coder.Params {
		p := testParams
		p.Level = 3
		change(&p)
		return p
	}
	all := []coder.Params{
		with(func(*coder.Params) {}),
		with(func(p *coder.Params) { p.Primed = primed }),
		with(func(p *coder.Params) { p.Alone = true }),
		with(func(p *coder.Params) { p.Primed, p.Alone = primed, true }),
		with(func(p *coder.Params) { p.Level = 1 }),
		with(func(p *coder.Params) { p.Level = 9 }),
		with(func(p *coder.Params) { p.Later = 1 << 20 }),
		with(func(p *coder.Params) { p.Window = kvcache.Policy{Window: 64} }),
	}
	methods := append([]codec.Method{codec.Mix, codec.Zstd, codec.BWT}, tokenMethods...)
	var alone [][]byte
	for _, p := range all {
		for _, method := range methods {
			alone = append(alone, codectest.RoundTrip(t, m, method, p, text))
		}
	}
	codectest.Run(t, m, testParams, func(l *coder.Lane) error {
		var coders []coder.Coder
		for _, p := range all {
			for _, method := range methods {
				c, err := coder.New(method, l, p)
				if err != nil {
					return err
				}
				coders = append(coders, c)
			}
		}
		for range 2 {
			for i, c := range coders {
				back, err := c.Decode(nil, alone[i], len(text))
				if err != nil || !bytes.Equal(back, text) {
					t.Errorf("coder %d of a lane with others: %v", i, err)
				}
			}
			for i, c := range coders {
				payload, err := c.Encode(nil, text)
				if err != nil || !bytes.Equal(payload, alone[i]) {
					t.Errorf("coder %d of a lane with others gives another payload: %v", i, err)
				}
			}
		}
		first, second := coders[0].(*coder.MixCoder), coders[len(methods)].(*coder.MixCoder)
		if _, err := first.Encode(nil, text); err != nil {
			return err
		}
		saved, without := first.Saved(), bytes.Clone(first.Alone())
		if _, err := second.Encode(nil, other); err != nil {
			return err
		}
		if first.Saved() != saved || !bytes.Equal(first.Alone(), without) {
			t.Error("what the model saved has changed with another coding's chunk")
		}
		if _, err := first.Primed(text); err == nil {
			t.Error("a coding gives a state although another one has coded since")
		}
		if _, err := second.Primed(other); err != nil {
			t.Error(err)
		}
		return nil
	})
}

// The tables of a worker's lanes are kept from job to job, and can be dropped.
func TestTables(t *testing.T) {
	w, err := coder.NewWorker(nil, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	method := codec.Mix
	run := func() {
		given := false
		err := w.Run(t.Context(), func(bool) (func(*coder.Lane) error, bool) {
			ok := !given
			given = true
			return func(l *coder.Lane) error {
				c, err := coder.New(method, l, coder.Params{Level: 3})
				if err == nil {
					_, err = c.Encode(nil, []byte(strings.Repeat("alpha beta gamma 123\n", 200)))
				}
				return err
			}, ok
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := w.Tables(); n != 0 {
		t.Errorf("a new worker holds %d bytes", n)
	}
	run()
	n := w.Tables()
	if run(); n == 0 || w.Tables() != n {
		t.Errorf("%d bytes, %d after the same again", n, w.Tables())
	}
	if w.DropTables(); w.Tables() != 0 {
		t.Errorf("%d bytes after DropTables", w.Tables())
	}
	run()
	// Those of another method take their place, in both directions.
	sorts := bwt.Memory(4200)
	for range 2 {
		method = codec.BWT
		if run(); w.Tables() == 0 || w.Tables() > sorts {
			t.Errorf("%d bytes after bwt, want at most %d", w.Tables(), sorts)
		}
		method = codec.Mix
		if run(); w.Tables() != n {
			t.Errorf("%d bytes after bwt and mix, want %d", w.Tables(), n)
		}
	}
	method = codec.BWT
	run()
	if w.DropTables(); w.Tables() != 0 {
		t.Errorf("%d bytes after DropTables", w.Tables())
	}
}

// counted is a context that ends when it has been asked often enough.
type counted struct {
	context.Context
	asked, most int
}

func (c *counted) Err() error {
	if c.asked++; c.asked > c.most {
		return context.Canceled
	}
	return nil
}

// The end of a context ends a chunk of any method that takes long, in both directions.
func TestContextReachesChunks(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	long := bytes.Repeat(excerpt(t, 60<<10), 50)
	for _, c := range []struct {
		method codec.Method
		model  lm.Model
		text   []byte
		looks  int // at the context
	}{
		{codec.Zstd, nil, long, 5},
		{codec.BWT, nil, long[:300_000], 50},
		{codec.LM, m, long[:4000], 1000},
		{codec.RankGzip, m, long[:4000], 1000},
		{codec.RankHuffman, m, long[:4000], 1000},
		{codec.Mix, m, long[:20000], 20},
		{codec.Mix, nil, long[:20000], 20},
	} {
		p := testParams
		p.Level = 6
		payload := codectest.RoundTrip(t, c.model, c.method, p, c.text)
		for _, decode := range []bool{false, true} {
			work := func(ctx context.Context) error {
				w, err := coder.NewWorker(c.model, 1, p.Window.Window)
				if err != nil {
					t.Fatal(err)
				}
				defer w.Close()
				given := false
				return w.Run(ctx, func(bool) (func(*coder.Lane) error, bool) {
					ok := !given
					given = true
					return func(l *coder.Lane) error {
						coding, err := coder.New(c.method, l, p)
						switch {
						case err != nil:
						case decode:
							_, err = coding.Decode(nil, payload, len(c.text))
						default:
							_, err = coding.Encode(nil, c.text)
						}
						return err
					}, ok
				})
			}
			all := &counted{Context: t.Context(), most: 1 << 30}
			if err := work(all); err != nil {
				t.Fatal(err)
			}
			if all.asked < c.looks {
				t.Errorf("method %d, decode %v: the context is asked %d times, want %d", c.method, decode, all.asked, c.looks)
			}
			for _, most := range []int{3, all.asked / 2} {
				if err := work(&counted{Context: t.Context(), most: most}); !errors.Is(err, context.Canceled) {
					t.Errorf("method %d, decode %v: a context that ends within the chunk gives %v", c.method, decode, err)
				}
			}
		}
	}
}

// A context that has ended before ends Prime with its cause.
func TestPrimeContext(t *testing.T) {
	cause := errors.New("cause")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := coder.Prime(ctx, 1, 0, make([]byte, 10000)); !errors.Is(err, cause) {
		t.Error(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Hour)
	defer stop()
	if _, err := coder.Prime(ctx, 1, 0, make([]byte, 10000)); err != nil {
		t.Error(err)
	}
}
