package coder_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/codectest"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/internal/fakemodel"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/kvcache"
)

// TestPins compares payloads of mix with a model's advice with testdata/pins.txt. A change of any
// line is a change of the format, and has its line in CHANGELOG.md.
func TestPins(t *testing.T) {
	m := fakemodel.New(fakemodel.Options{})
	known, unknown := codectest.Generate(t, m, 9000), excerpt(t, 9000)
	same := bytes.Repeat([]byte("the same line as before, and before that, and before\n"), 400)
	inputs := []struct {
		name string
		text []byte
	}{
		{"known", known[:6000]},
		{"unknown", unknown[:6000]},
		// The gate closes, tries in vain, opens for a text that is known, and closes again.
		{"in turn", bytes.Join([][]byte{known[:3000], unknown, known[3000:5000], unknown[:3000]}, nil)},
		// A run in the middle, behind which the window is fed anew.
		{"run", bytes.Join([][]byte{known[:2000], same, known[2000:4000]}, nil)},
	}
	var got []string
	for _, in := range inputs {
		for level := 4; level <= 9; level++ {
			p := coder.Params{Level: level, Window: kvcache.Policy{Reset: kvcache.Overlap, Window: 128, Overlap: 32}}
			payload := codectest.RoundTrip(t, m, codec.Mix, p, in.text)
			got = append(got, fmt.Sprintf("%s level %d: %d %x", in.name, level, len(payload), sha256.Sum256(payload)))
		}
	}
	// Primers that are longer than what is kept of them, and shorter, in a window that takes all
	// that is kept.
	for _, primer := range [][]byte{bytes.Join([][]byte{unknown, known[:6000], unknown}, nil), known[:700]} {
		p := coder.Params{Level: 7, Window: kvcache.Policy{Window: 16384}}
		var err error
		if p.Primed, err = coder.Prime(t.Context(), p.Level, 1<<16, primer); err != nil {
			t.Fatal(err)
		}
		payload := codectest.RoundTrip(t, m, codec.Mix, p, known[7000:])
		got = append(got, fmt.Sprintf("primer of %d, level %d: %d %x", len(primer), p.Level, len(payload), sha256.Sum256(payload)))
	}

	golden.Stored(t, filepath.Join("testdata", "pins.txt"), []byte(strings.Join(got, "\n")+"\n"))
}
