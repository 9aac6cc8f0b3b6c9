package coder_test

import (
	"errors"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
)

// FuzzDecodeMix: with a model and a primer, too, any payload gives as many bytes as are asked for,
// or is refused.
func FuzzDecodeMix(f *testing.F) {
	m := fakemodel.New(fakemodel.Options{})
	primed, err := coder.Prime(f.Context(), 1, 4096, excerpt(f, 500))
	if err != nil {
		f.Fatal(err)
	}
	params := func(kind uint8) coder.Params {
		p := testParams
		p.Level, p.Alone = 1, kind&1 != 0
		if kind&2 != 0 {
			p.Primed = primed
		}
		return p
	}
	for kind := range uint8(4) {
		f.Add(kind, codectest.RoundTrip(f, m, codec.Mix, params(kind), excerpt(f, 300)), uint16(300))
	}
	w, err := coder.NewWorker(m, 1, testParams.Window.Window) // its lane keeps the coder, whose tables are large
	if err != nil {
		f.Fatal(err)
	}
	defer w.Close()
	f.Fuzz(func(t *testing.T, kind uint8, payload []byte, size uint16) {
		n, given := int(size)%4096, false
		err := w.Run(t.Context(), func(bool) (func(*coder.Lane) error, bool) {
			ok := !given
			given = true
			return func(l *coder.Lane) error {
				c, err := coder.New(codec.Mix, l, params(kind))
				if err != nil {
					return err
				}
				got, err := c.Decode(nil, payload, n)
				if err != nil && !errors.Is(err, coder.ErrCorrupt) || err == nil && len(got) != n {
					t.Errorf("%d bytes, want %d: %v", len(got), n, err)
				}
				return nil
			}, ok
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
