package salvage

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/damagetest"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/stream"
)

// Sums of prefixes are compared with the content, and made anew.
func TestPrefixSums(t *testing.T) {
	content := golden.Text("log", 4, 3<<20)
	archive := compress(t, nil, content, stream.WithMethod(codec.Mix), stream.WithLevel(0), stream.WithChunkSize(9<<18), stream.WithPrimer(0))
	p := take(t, archive)
	if len(chunk(p, 0).Sums) != 2 {
		t.Fatalf("%d sums", len(chunk(p, 0).Sums))
	}
	if err := verifyAll(archive); err != nil {
		t.Fatal(err)
	}
	chunk(p, 0).Sums[1] ^= 8
	p.Protect()
	lying := damagetest.Build(p)
	if err := verifyAll(lying); err == nil || !strings.Contains(err.Error(), "sums of parts") {
		t.Errorf("Verify says %v", err)
	}
	x, err := Recover(context.Background(), bytes.NewReader(lying), int64(len(lying)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := x.WriteTo(&out); err != nil || len(x.Losses) > 0 || len(x.Repaired) != 1 || !bytes.Equal(out.Bytes(), archive) {
		t.Errorf("%v, %v, %v", err, x.Losses, x.Repaired)
	}
}
