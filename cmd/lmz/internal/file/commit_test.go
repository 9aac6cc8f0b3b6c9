package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// On every system: outputs get their name when they are complete, replace what may be replaced, and
// leave nothing behind; sources are deleted when that is proven. Files are open meanwhile, which
// some systems take for a reason not to rename or delete them.
func TestCommitEverywhere(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	put := func(name, text string, mode fs.FileMode) {
		t.Helper()
		if err := os.WriteFile(in(name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(name, want string) {
		t.Helper()
		if got, err := os.ReadFile(in(name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	var set Set
	// made makes the output out of the source src, and deletes that.
	made := func(src, out, text string, how Manner, remove bool) error {
		s, err := Open(in(src), false)
		if err != nil {
			return err
		}
		defer s.Close()
		o, err := set.Create(in(out), s, how)
		if err != nil {
			return err
		}
		defer o.Discard()
		if _, err := io.WriteString(o, text); err != nil {
			return err
		}
		if err := o.Commit(s); err != nil || !remove {
			return err
		}
		return errors.Join(o.Prove(), s.Remove())
	}
	put("source", "source", 0o666)
	if err := made("source", "new", "1", Manner{}, false); err != nil {
		t.Error("a new file:", err)
	}
	if err := made("source", "new", "2", Manner{}, false); err == nil {
		t.Error("a file was replaced without force")
	}
	holds("new", "1")
	if err := made("source", "new", "3", Manner{Force: true}, false); err != nil {
		t.Error("a file that is replaced:", err)
	}
	holds("new", "3")
	put("fixed", "old", 0o444)
	if err := made("source", "fixed", "4", Manner{Force: true}, true); err != nil {
		t.Error("a file that can only be read, replaced, and the source deleted:", err)
	}
	holds("fixed", "4")
	if _, err := os.Stat(in("source")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the source is still there:", err)
	}
	put("locked", "source that can only be read", 0o444)
	if err := made("locked", "locked.out", "5", Manner{}, true); err != nil {
		t.Error("a source that can only be read:", err)
	}
	// A race for the name, lost.
	s, err := Open(in("new"), false)
	if err != nil {
		t.Fatal(err)
	}
	o, err := set.Create(in("late"), s, Manner{})
	if err != nil {
		t.Fatal(err)
	}
	put("late", "first", 0o666)
	if err := o.Commit(s); err == nil {
		t.Error("a file that came first was replaced")
	}
	o.Discard()
	s.Close()
	holds("late", "first")

	for _, line := range []string{"a", "b", "c"} {
		if err := appendLine(in("all"), line); err != nil {
			t.Errorf("appending %s: %v", line, err)
		}
	}
	holds("all", "a\nb\nc\n")
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 5 {
		t.Errorf("%d files, %v: %v", len(files), err, files)
	}
}

// appendLine appends to a target as lmz --append does, and proves it.
func appendLine(name, line string) error {
	t, err := new(Set).OpenTarget(name, func() {})
	if err != nil {
		return err
	}
	defer t.Close()
	if t.Old != nil {
		if _, err := io.Copy(t.Output, t.Old); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(t.Output, line); err != nil {
		return err
	}
	return errors.Join(t.Commit(0o666), t.Output.Prove())
}
