//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// On a disk that is full, nothing is left of what did not fit, and what was there stays.
func TestFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("lmz-test", disk, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no permission to mount a small file system: %v", err)
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	log := samples(3, 30000)
	elsewhere := filepath.Join(t.TempDir(), "a.log")
	if err := os.WriteFile(elsewhere, log, 0o666); err != nil {
		t.Fatal(err)
	}
	archive := elsewhere + suffix
	run := func(args ...string) string {
		out, err := lmzIn(disk, args...).CombinedOutput()
		if err == nil {
			return ""
		}
		return err.Error() + ": " + string(out)
	}
	if failed := run("--method", "zstd", elsewhere); failed != "" {
		t.Fatal(failed)
	}
	small := filepath.Join(disk, "small.lmz")
	if failed := run("--method", "zstd", "-o", small, elsewhere); failed != "" {
		t.Fatal(failed)
	}
	free := func() int64 {
		var st syscall.Statfs_t
		if err := syscall.Statfs(disk, &st); err != nil {
			t.Fatal(err)
		}
		return int64(st.Bfree) * int64(st.Bsize)
	}
	before := free()
	for name, args := range map[string][]string{
		"compress":   {"--method", "raw", "-o", "a.lmz", elsewhere},
		"decompress": {"-d", "-o", "a.log", archive},
		"append":     {"--method", "raw", "--append", "-o", "small.lmz", elsewhere},
		"verify":     {"--method", "raw", "--verify", "-f", "-o", "small.lmz", elsewhere},
	} {
		if failed := run(args...); !strings.Contains(failed, "exit status 1") || !strings.Contains(failed, "no space left on device") {
			t.Errorf("%s: %q", name, failed)
		}
		if left := names(t, disk); len(left) != 1 || left[0] != "small.lmz" {
			t.Errorf("%s: there are %q", name, left)
		}
		if now := free(); now != before {
			t.Errorf("%s: %d bytes are free, %d were", name, now, before)
		}
		if got, err := content(small); err != nil || string(got) != string(log) {
			t.Errorf("%s: what was there is gone: %v", name, err)
		}
	}
}
