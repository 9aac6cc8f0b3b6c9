package cloud

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestListFiles lists a folder while one in it is rotated away, less what lmz has not finished.
func TestListFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.log", ".b.log.lmz.APHN43VREJ", Hidden + "1-0", "days/1.log", "z.log"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for info, err := range (files{}).List(context.Background(), dir) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.Base(info.Key))
		os.RemoveAll(filepath.Join(dir, "days"))
	}
	if want := []string{"a.log", "z.log"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	for _, err := range (files{}).List(context.Background(), filepath.Join(dir, "none")) {
		if !os.IsNotExist(err) {
			t.Errorf("a folder that is not there: %v", err)
		}
	}
}
