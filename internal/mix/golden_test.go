package mix

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
)

// TestGolden is quick and meets most constants: TestPins takes longer, and meets nearly all.
func TestGolden(t *testing.T) {
	for _, c := range []struct {
		level int
		kind  string
		n     int
	}{{1, "log", 3000}, {3, "table", 2500}, {4, "log", 2000}, {5, "prose", 3000}, {6, "log", 3500}, {6, "table", 2000}} {
		t.Run(fmt.Sprintf("%d-%s", c.level, c.kind), func(t *testing.T) {
			text := golden.Text(c.kind, 3, c.n)
			var coder Coder
			payload, alone, err := coder.EncodeBoth(t.Context(), Params{Level: c.level, Advisor: &halfOracle{text: text}}, nil, nil, text)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("%s\n%s\n", hex.EncodeToString(payload), hex.EncodeToString(alone))
			golden.Stored(t, filepath.Join("testdata", fmt.Sprintf("golden-%d-%s.hex", c.level, c.kind)), []byte(got))
			back, err := coder.Decode(t.Context(), Params{Level: c.level, Advisor: &halfOracle{text: text}}, nil, payload, len(text))
			if err != nil || !bytes.Equal(back, text) {
				t.Errorf("%d bytes come back: %v", len(back), err)
			}
		})
	}
}
