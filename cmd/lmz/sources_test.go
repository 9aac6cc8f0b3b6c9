package main

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// A folder that cannot be read is named with its path.
func TestUnreadableFolder(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	var said string
	filesBelow(gone, false, func(string, fs.DirEntry) bool { return true }, func(below string, err error) {
		said = ui.InFile(filepath.Join(gone, below), err).Error()
	})
	if want := gone + ": no such file or directory"; said != want {
		t.Errorf("%q, want %q", said, want)
	}
}
