//go:build unix

package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// rounds of races: many with LMZ_TORTURE.
func rounds() int {
	if os.Getenv("LMZ_TORTURE") != "" {
		return 1000
	}
	return 50
}

func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// fromPipe is a source that has no attributes to keep.
func fromPipe(t *testing.T) *Source {
	t.Helper()
	info, err := os.Stat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	return &Source{Stdin: true, Info: info}
}

// Of those who create one file at the same time, one does, and the others leave nothing.
func TestCreateRace(t *testing.T) {
	for round := range rounds() {
		dir := t.TempDir()
		name := filepath.Join(dir, "out")
		src := fromPipe(t)
		var ready, done sync.WaitGroup
		const n = 4
		errs := make([]error, n)
		ready.Add(n)
		for i := range n {
			done.Go(func() {
				set := new(Set)
				out, err := set.Create(name, src, Manner{})
				ready.Done()
				ready.Wait()
				if errs[i] = err; err != nil {
					return
				}
				fmt.Fprintf(out, "text %d", i)
				errs[i] = out.Commit(nil)
				out.Discard()
			})
		}
		done.Wait()
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		won := 0
		for i, err := range errs {
			switch {
			case err == nil:
				won++
				if string(text) != fmt.Sprintf("text %d", i) {
					t.Errorf("round %d: %d ended well, and the file holds %q", round, i, text)
				}
			case !strings.Contains(err.Error(), "exists already"):
				t.Errorf("round %d: %v", round, err)
			}
		}
		if won != 1 {
			t.Errorf("round %d: %d of them ended well", round, won)
		}
		if left := namesIn(t, dir); len(left) != 1 {
			t.Errorf("round %d: left behind: %q", round, left)
		}
	}
}

// Where there is no rename that replaces nothing, a second name or a reserved one does.
func TestLink(t *testing.T) {
	dir := t.TempDir()
	from, to, other := filepath.Join(dir, "from"), filepath.Join(dir, "to"), filepath.Join(dir, "other")
	writeFile(t, from, "new")
	if err := link(from, to); err != nil {
		t.Fatal(err)
	}
	writeFile(t, from, "newer")
	for _, rename := range []func(string, string) error{link, reserve, renameNew} {
		if err := rename(from, to); !errors.Is(err, os.ErrExist) {
			t.Errorf("%v", err)
		}
	}
	if err := reserve(from, other); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{to: "new", other: "newer"} {
		if text, err := os.ReadFile(name); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if left := namesIn(t, dir); !slices.Equal(left, []string{"other", "to"}) {
		t.Errorf("there are %q", left)
	}
}

// What took the output's name after it was committed is no reason to delete a source.
func TestProve(t *testing.T) {
	for what, harm := range map[string]func(name string) error{
		"nothing": func(string) error { return nil },
		"gone":    os.Remove,
		"other file": func(name string) error {
			return errors.Join(os.WriteFile(name+"2", []byte("text"), 0o666), os.Rename(name+"2", name))
		},
		"link":    func(name string) error { return errors.Join(os.Rename(name, name+"2"), os.Symlink(name+"2", name)) },
		"cut off": func(name string) error { return os.Truncate(name, 2) },
	} {
		t.Run(what, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "out")
			out, err := new(Set).Create(name, fromPipe(t), Manner{})
			if err != nil {
				t.Fatal(err)
			}
			defer out.Discard()
			fmt.Fprint(out, "text")
			if err := errors.Join(out.Commit(nil), harm(name)); err != nil {
				t.Fatal(err)
			}
			var skip *ui.SkipError
			if err := out.Prove(); (what == "nothing") != (err == nil) || err != nil && !errors.As(err, &skip) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestTemporaryName(t *testing.T) {
	for _, name := range []string{"a", "dir/a.log", strings.Repeat("n", 255), strings.Repeat("日", 85)} {
		for _, tmp := range []string{temporaryName(name, "ABCDEFGHIJ"), appendName(name)} {
			base := filepath.Base(tmp)
			if filepath.Dir(tmp) != filepath.Dir(name) || len(base) > 64 || base[0] != '.' || strings.ToValidUTF8(base, "") != base {
				t.Errorf("%s: %s", name, tmp)
			}
		}
	}
	if appendName("dir/a.lmz") != appendName("./dir/a.lmz") || appendName("a.lmz") == appendName("b.lmz") {
		t.Error("the name to append under is not that of the archive")
	}
}

// Holes come back as holes, and nothing else changes.
func TestSparse(t *testing.T) {
	zero := func(n int) string { return strings.Repeat("\x00", n) }
	for what, writes := range map[string][]string{
		"empty":               nil,
		"zeros":               {zero(1 << 20)},
		"zeros, piecemeal":    slices.Repeat([]string{zero(1000)}, 2000),
		"text":                {strings.Repeat("text", 5000)},
		"text, zeros, text":   {"text", zero(1 << 20), "text"},
		"zeros, text":         {zero(1<<20 + 5), "text"},
		"text, zeros":         {"text" + zero(1<<20)},
		"zeros within blocks": {"a" + zero(10) + "b" + zero(5000) + "c", zero(3000) + "d" + zero(block), "e" + zero(2*block-1) + "f"},
	} {
		name := filepath.Join(t.TempDir(), "out")
		out, err := new(Set).Create(name, fromPipe(t), Manner{Sparse: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range writes {
			if n, err := out.Write([]byte(w)); n != len(w) || err != nil {
				t.Fatalf("%s: %d, %v", what, n, err)
			}
		}
		if err := out.Commit(nil); err != nil {
			t.Fatal(err)
		}
		out.Discard()
		want := strings.Join(writes, "")
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, %v; want %d", what, len(got), err, len(want))
		}
		filled := int64(0) // blocks that hold something
		for i := 0; i < len(want); i += block {
			if strings.Trim(want[i:min(len(want), i+block)], "\x00") != "" {
				filled++
			}
		}
		if used := blocksOf(t, name); used > filled*block/512 {
			t.Errorf("%s: %d sectors are used, %d blocks hold something", what, used, filled)
		}
	}
}
