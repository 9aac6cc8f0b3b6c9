package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Several processes that write one target at the same time and delete their sources: what is
// deleted is in the target, and all but those who failed end well.
func TestRace(t *testing.T) {
	rounds := 5
	if torture {
		rounds = 200
	}
	source := func(i int) []byte { return bytes.Repeat(fmt.Appendf(nil, "INFO source %d\n", i), 300) }
	for _, op := range []struct {
		name    string
		args    []string
		archive bool // sources are archives
		all     bool // none may fail
	}{
		{"compress", []string{"-q", "-1", "-T1", "--rm", "-o", "target"}, false, false},
		{"decompress", []string{"-q", "-d", "-T1", "--rm", "-o", "target"}, true, false},
		{"append", []string{"-q", "-1", "-T1", "--rm", "--append", "-o", "target"}, false, true},
	} {
		t.Run(op.name, func(t *testing.T) {
			refused := 0
			for range rounds {
				dir := t.TempDir()
				const n = 4
				var name [n]string
				var err [n]error
				for i := range n {
					name[i] = fmt.Sprint("source", i)
					if e := os.WriteFile(filepath.Join(dir, name[i]), source(i), 0o666); e != nil {
						t.Fatal(e)
					}
					if op.archive {
						if out, e := lmzIn(dir, "-1", "--rm", name[i]).CombinedOutput(); e != nil {
							t.Fatalf("%v: %s", e, out)
						}
						name[i] += suffix
					}
				}
				var wait sync.WaitGroup
				for i := range n {
					wait.Go(func() { err[i] = lmzIn(dir, append(slices.Clone(op.args), name[i])...).Run() })
				}
				wait.Wait()
				target := filepath.Join(dir, "target")
				held, e := os.ReadFile(target)
				if !op.archive {
					held, e = content(target)
				}
				if e != nil {
					t.Fatal(e)
				}
				gone := 0
				for i := range n {
					_, e := os.Lstat(filepath.Join(dir, name[i]))
					switch {
					case (e == nil) != (err[i] != nil):
						t.Errorf("ended with %v, and for its source: %v", err[i], e)
					case e == nil && op.all:
						t.Errorf("failed: %v", err[i])
					case e == nil:
						refused++
					default:
						gone++
						if !bytes.Contains(held, source(i)) {
							t.Errorf("source %d is gone, and not in the target", i)
						}
					}
				}
				if want := gone * len(source(0)); len(held) != want {
					t.Errorf("the target holds %d bytes, want %d", len(held), want)
				}
				for _, left := range names(t, dir) {
					if strings.HasPrefix(left, ".") {
						t.Errorf("left behind: %s", left)
					}
				}
			}
			t.Logf("%d rounds, %d processes were refused", rounds, refused)
		})
	}
}
