//go:build !race

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// Compressing keeps to --memlimit, beside what the program itself takes. The race detector
// multiplies memory.
func TestCompressingMemory(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"short": 3 << 20, "long": 8 << 20} {
		log, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		feedLog(log, size)
	}
	for limit, args := range map[string][]string{
		"45MiB":  {"-1", "-T8", "--chunk-size", "256KiB", "short"},
		"85MiB":  {"-1", "-T8", "--chunk-size", "256KiB", "--verify", "short"},
		"80MiB":  {"--method", "zstd", "-T8", "long"},
		"150MiB": {"--method", "zstd", "-T8", "--verify", "long"},
		"30MiB":  {"--method", "raw", "-T8", "long"},
	} {
		cmd := lmzIn(dir, append(args, "--memlimit", limit, "-o", limit)...)
		peak := measured(t, cmd)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "instead of -T8") {
			t.Fatalf("%q: %v: %s", args, err, out)
		}
		var most ui.ByteSize
		if err := most.Set(limit); err != nil {
			t.Fatal(err)
		}
		t.Logf("%q, limit %s: %d MiB", args, limit, peak()>>20)
		if got := peak(); got > int64(most)+64<<20 {
			t.Errorf("%q takes %d MiB, the limit is %s", args, got>>20, limit)
		}
	}
}
