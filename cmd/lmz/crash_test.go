package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lmz-go/lmz/stream"
)

// content is what an archive holds, or why it cannot be read.
func content(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := stream.NewReader(f, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// TestKilled kills lmz at random moments, as a crash or a power cut would end it. The sources are
// as they were, what was asked for is there as a whole or as it was before, and what is left of an
// attempt is a hidden file that no option of lmz, and no pattern of a shell, takes for an archive
// or a log. The next attempt succeeds.
func TestKilled(t *testing.T) {
	times := 4
	if torture {
		times = 50
	}
	log := samples(7, 6000)
	const archived = "what was archived before\n"
	write := func(dir, name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	makeArchive := func(dir, name string, data []byte) {
		t.Helper()
		write(dir, "tmp", data)
		if out, err := lmzIn(dir, "-1", "-o", name, "tmp").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		os.Remove(filepath.Join(dir, "tmp"))
	}
	is := func(dir, name string, want []byte) bool {
		got, err := os.ReadFile(filepath.Join(dir, name))
		return err == nil && bytes.Equal(got, want)
	}
	holds := func(dir, name string, want []byte) bool {
		got, err := content(filepath.Join(dir, name))
		return err == nil && bytes.Equal(got, want)
	}
	absent := func(dir, name string) bool {
		_, err := os.Lstat(filepath.Join(dir, name))
		return os.IsNotExist(err)
	}
	for _, op := range []struct {
		name    string
		args    []string
		prepare func(dir string)
		before  func(dir string) bool // it has not happened
		after   func(dir string) bool // it has
	}{
		{"compress", []string{"-1", "a.log"},
			func(dir string) { write(dir, "a.log", log) },
			func(dir string) bool { return is(dir, "a.log", log) && absent(dir, "a.log.lmz") },
			func(dir string) bool { return is(dir, "a.log", log) && holds(dir, "a.log.lmz", log) }},
		{"overwrite", []string{"-1", "-f", "a.log"},
			func(dir string) { write(dir, "a.log", log); makeArchive(dir, "a.log.lmz", []byte(archived)) },
			func(dir string) bool { return is(dir, "a.log", log) && holds(dir, "a.log.lmz", []byte(archived)) },
			func(dir string) bool { return is(dir, "a.log", log) && holds(dir, "a.log.lmz", log) }},
		{"compress --rm", []string{"-1", "--rm", "a.log"},
			func(dir string) { write(dir, "a.log", log) },
			func(dir string) bool {
				return is(dir, "a.log", log) && (absent(dir, "a.log.lmz") || holds(dir, "a.log.lmz", log))
			},
			func(dir string) bool { return absent(dir, "a.log") && holds(dir, "a.log.lmz", log) }},
		{"decompress", []string{"-d", "b.log.lmz"},
			func(dir string) { makeArchive(dir, "b.log.lmz", log) },
			func(dir string) bool { return holds(dir, "b.log.lmz", log) && absent(dir, "b.log") },
			func(dir string) bool { return holds(dir, "b.log.lmz", log) && is(dir, "b.log", log) }},
		{"append first", []string{"-1", "--append", "-o", "c.lmz", "a.log"},
			func(dir string) { write(dir, "a.log", log) },
			func(dir string) bool { return is(dir, "a.log", log) && absent(dir, "c.lmz") },
			func(dir string) bool { return is(dir, "a.log", log) && holds(dir, "c.lmz", log) }},
		{"append", []string{"-1", "--append", "-o", "c.lmz", "a.log"},
			func(dir string) { write(dir, "a.log", log); makeArchive(dir, "c.lmz", []byte(archived)) },
			func(dir string) bool { return is(dir, "a.log", log) && holds(dir, "c.lmz", []byte(archived)) },
			func(dir string) bool {
				return is(dir, "a.log", log) && holds(dir, "c.lmz", append([]byte(archived), log...))
			}},
	} {
		t.Run(op.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(len(op.name))))
			dir := t.TempDir()
			op.prepare(dir)
			start := time.Now()
			if out, err := lmzIn(dir, op.args...).CombinedOutput(); err != nil || !op.after(dir) {
				t.Fatalf("%v: %s", err, out)
			}
			took := time.Since(start)
			done, left := 0, 0
			for range times {
				dir := t.TempDir()
				op.prepare(dir)
				cmd := lmzIn(dir, op.args...)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(rng.Int64N(int64(took) * 5 / 4)))
				cmd.Process.Kill()
				cmd.Wait()
				before, after := op.before(dir), op.after(dir)
				if !before && !after {
					t.Fatalf("neither done nor undone; there are %q", names(t, dir))
				}
				if after {
					done++
				}
				for _, name := range names(t, dir) {
					if strings.HasPrefix(name, ".") {
						left++
						if strings.HasSuffix(name, suffix) || strings.HasSuffix(name, ".log") {
							t.Errorf("left behind: %s", name)
						}
					} else if !strings.HasPrefix(name, "a.log") && !strings.HasPrefix(name, "b.log") && name != "c.lmz" {
						t.Errorf("left behind: %s", name)
					}
				}
				if before && op.name != "compress --rm" {
					if out, err := lmzIn(dir, op.args...).CombinedOutput(); err != nil || !op.after(dir) {
						t.Fatalf("the next attempt: %v: %s", err, out)
					}
				}
			}
			t.Logf("killed %d times within %v: done %d times, temporary files left %d times", times, took.Round(time.Millisecond), done, left)
		})
	}
}

// samples gives lines of two kinds, the second of which comes up once in a hundred.
func samples(seed uint64, lines int) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	var b bytes.Buffer
	for range lines {
		if r.IntN(100) == 0 {
			fmt.Fprintf(&b, "panic: runtime error: index out of range [%d]\n", r.IntN(8))
		} else {
			fmt.Fprintf(&b, "GET /index.html %d\n", r.IntN(8))
		}
	}
	return b.Bytes()
}
