//go:build unix

package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Those who append to a file that does not exist yet wait for each other, and none of them finds
// another file in the place of its own before it is done.
func TestFirstAppendRace(t *testing.T) {
	for round := range rounds() {
		dir := t.TempDir()
		name := filepath.Join(dir, "all")
		if round%2 == 0 { // left behind by a process that was killed
			writeFile(t, appendName(name), "half of a line that is much longer than all others")
		}
		var wait sync.WaitGroup
		const n = 6
		for i := range n {
			wait.Go(func() {
				if err := appendLine(name, fmt.Sprintf("line %d", i)); err != nil {
					t.Errorf("round %d: %d: %v", round, i, err)
				}
			})
		}
		wait.Wait()
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if line := fmt.Sprintf("line %d\n", i); strings.Count(string(text), line) != 1 || len(text) != n*len(line) {
				t.Fatalf("round %d: %q", round, text)
			}
		}
		if left := namesIn(t, dir); len(left) != 1 {
			t.Fatalf("left behind: %q", left)
		}
	}
}

// Who gives up a first archive leaves it to the one who waits.
func TestFirstAppendGivenUp(t *testing.T) {
	name := filepath.Join(t.TempDir(), "all")
	first, err := new(Set).OpenTarget(name, func() {})
	if err != nil {
		t.Fatal(err)
	}
	waits, done := make(chan struct{}), make(chan error)
	go func() {
		second, err := new(Set).OpenTarget(name, func() { close(waits) })
		if err == nil {
			if second.Old != nil {
				err = errors.New("there was an archive")
			}
			second.Close()
		}
		done <- err
	}()
	<-waits
	first.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if left := namesIn(t, filepath.Dir(name)); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// What somebody else has put in the place of the archive meanwhile, without its lock, is not lost.
func TestAppendReplaced(t *testing.T) {
	for _, first := range []bool{true, false} {
		dir := t.TempDir()
		name := filepath.Join(dir, "all")
		if !first {
			writeFile(t, name, "old")
		}
		target, err := new(Set).OpenTarget(name, func() {})
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, name+"2", "foreign")
		if err := os.Rename(name+"2", name); err != nil {
			t.Fatal(err)
		}
		if err := target.Commit(0o666); err == nil {
			t.Error("it was replaced")
		}
		target.Close()
		if text, err := os.ReadFile(name); err != nil || string(text) != "foreign" {
			t.Errorf("%q, %v", text, err)
		}
		if left := namesIn(t, dir); len(left) != 1 {
			t.Errorf("left behind: %q", left)
		}
	}
}

// A signal finds every temporary file with its owner, however early it comes.
func TestAbortEarly(t *testing.T) {
	for range 300 {
		dir := t.TempDir()
		s := &Set{}
		opened := make(chan struct{})
		go func() {
			if target, err := s.OpenTarget(filepath.Join(dir, "a.lmz"), func() {}); err == nil {
				close(opened)
				target.Output.file.Close()
			}
		}()
		for {
			if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
				break
			}
		}
		s.Abort()
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Fatalf("left behind: %v, %v", entries, err)
		}
		<-opened
	}
}
