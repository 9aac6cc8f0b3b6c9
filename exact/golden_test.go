package exact

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
)

// goldenTokens, if set, is the number of tokens that TestGoldenLogits goes through. With -update
// the fastest kernel goes through all that are pinned.
const goldenTokens = "LMZ_GOLDEN_TOKENS"

// pinned is how many tokens are, of each model, and how many are gone through if nobody says.
var pinned = map[string]struct{ all, short int }{"nano": {1_000_000, 1000}, "base": {64_000, 200}}

// Logits of logs, prose, tables and noise are pinned, on every kernel.
func TestGoldenLogits(t *testing.T) {
	for name, pinned := range pinned {
		n := pinned.short
		if value := os.Getenv(goldenTokens); value != "" {
			var err error
			if n, err = strconv.Atoi(value); err != nil || n < 200 {
				t.Fatalf("%s=%s, want a number of tokens, 200 or more", goldenTokens, value)
			}
		}
		data := modelFile(t, name)
		for i := range kernels {
			k, n := &kernels[i], min(n, pinned.all)
			if i == 0 && golden.Updating() {
				n = pinned.all
			}
			t.Run(name+"/"+k.name, func(t *testing.T) {
				defer limitVectors(k)()
				m, err := open(context.Background(), bytes.NewReader(data), int64(len(data)), k)
				if err != nil {
					t.Fatal(err)
				}
				wantLines(t, filepath.Join("testdata", name+".sha256"), golden.Logits(t, m, n))
			})
		}
	}
}

// wantLines fails unless a stored file begins with lines.
func wantLines(t *testing.T, path string, lines []byte) {
	t.Helper()
	if len(lines) == 0 {
		t.Fatal("no hash at all")
	}
	if stored, err := os.ReadFile(path); err == nil && bytes.HasPrefix(stored, lines) {
		return
	}
	golden.Stored(t, path, lines)
}
