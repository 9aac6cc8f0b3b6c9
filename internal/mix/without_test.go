package mix

import (
	"bytes"
	"context"
	"os"
	"testing"
)

// Each part is worth something on a log, and without it the text comes back as well.
func TestWithout(t *testing.T) {
	text, err := os.ReadFile("../../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	text = text[:20000]
	ctx := context.Background()
	size := func(without Parts) int {
		t.Helper()
		var c Coder
		p := Params{Level: 6, Without: without}
		payload, err := c.Encode(ctx, p, nil, text)
		if err != nil {
			t.Fatal(err)
		}
		var d Coder
		if got, err := d.Decode(ctx, p, nil, payload, len(text)); err != nil || !bytes.Equal(got, text) {
			t.Fatalf("without %b: other bytes, %v", without, err)
		}
		return len(payload)
	}
	whole := size(0)
	for _, part := range []Parts{Prior, Learnt, Experts, Prior | Learnt | Experts} {
		if n := size(part); n <= whole {
			t.Errorf("without %b: %d bytes, with it %d", part, n, whole)
		} else {
			t.Logf("without %b: %d bytes, with it %d", part, n, whole)
		}
	}
}
