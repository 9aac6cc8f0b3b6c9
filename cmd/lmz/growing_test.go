package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A log that is written to while it is compressed ends where it ended at the beginning, with a
// warning, and is not deleted.
func TestGrowingSource(t *testing.T) {
	for what, args := range map[string][]string{
		"file": {"--method", "zstd", "a.log"}, "standard input": {"--method", "zstd", "-o", "a.log.lmz"},
		"followed": {"--method", "zstd", "--flush-every", "1h", "a.log"}, "appended": {"--method", "zstd", "--append", "-o", "a.log.lmz", "a.log"},
		"packed":  {"--method", "zstd", "--one", "-o", "a.log.lmz", "a.log"},
		"deleted": {"--method", "zstd", "--rm", "a.log"},
	} {
		for n := 1; !tryGrowing(t, what, args, n == 20); n++ {
		}
	}
}

// tryGrowing says whether the source has grown, as it must on the last try.
func tryGrowing(t *testing.T, what string, args []string, last bool) bool {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.log")
	log, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	line := []byte("INFO a line of a log that grows\n")
	before, _ := log.Write(bytes.Repeat(line, 1<<15))
	cmd := lmzIn(dir, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if what == "standard input" {
		if cmd.Stdin, err = os.Open(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- cmd.Wait() }()
	for running := true; running; {
		select {
		case err = <-done:
			running = false
		default:
			log.Write(line)
		}
	}
	if err == nil && !last {
		return false // it may have ended before the log grew, on a busy machine
	}
	if what == "deleted" {
		if _, gone := os.Stat(name); gone != nil || err == nil {
			t.Errorf("%v, %v: %s", gone, err, &stderr)
		}
		return true
	}
	if code := cmd.ProcessState.ExitCode(); code != exitWarning || !strings.Contains(stderr.String(), "it has grown while it was read") {
		t.Errorf("%s: exit code %d: %s", what, code, &stderr)
	}
	if what == "packed" {
		return true
	}
	got, err := content(name + suffix)
	if err != nil || len(got) < before || !bytes.Equal(got, bytes.Repeat(line, len(got)/len(line))) {
		t.Errorf("%s: %d bytes, %v; it had %d before", what, len(got), err, before)
	}
	return true
}
