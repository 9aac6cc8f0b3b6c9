// Package golden compares what tests make with files that are stored, which hold the format still.
// Nothing is written unless the flag -update is given; `make golden` gives it.
package golden

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the stored files that differ anew, and say which")

// Updating reports whether stored files are to be made anew.
func Updating() bool { return *update }

// Stored gives the file of this path, and fails the test if it is not got. With -update a file that
// is not is made so, and a line on standard output says which, its old size and its new one.
func Stored(t testing.TB, path string, got []byte) []byte {
	t.Helper()
	stored, err := os.ReadFile(path)
	if *update && (err != nil || !bytes.Equal(stored, got)) {
		write(t, path, stored, err, got)
		return got
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, got) {
		t.Errorf("%s: is written differently from byte %d on (%d bytes, stored are %d): if the format was meant to change, "+
			"see CONTRIBUTING.md", path, differsAt(got, stored), len(got), len(stored))
	}
	return stored
}

func write(t testing.TB, path string, old []byte, err error, got []byte) {
	t.Helper()
	before := fmt.Sprintf("%d bytes", len(old))
	if errors.Is(err, fs.ErrNotExist) {
		before = "new"
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, got, 0o666); err != nil {
		t.Fatal(err)
	}
	where, err := filepath.Abs(path)
	if err != nil {
		where = path
	}
	fmt.Printf("golden: %s: %s -> %d bytes\n", where, before, len(got))
}

func differsAt(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
