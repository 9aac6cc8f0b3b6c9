package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// liveArchive starts lmz that writes an archive of what is sent to it, and waits until the archive
// holds the first line.
func liveArchive(t *testing.T, dir string) (send *os.File, wait func() error) {
	t.Helper()
	in, send, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := lmzIn(dir, "-1", "--flush-every", "20ms", "-o", "live.lmz")
	cmd.Stdin, cmd.Stderr = in, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	t.Cleanup(func() { cmd.Process.Kill() })
	fmt.Fprintln(send, "line 0")
	for range 6000 {
		if info, err := os.Stat(filepath.Join(dir, "live.lmz")); err == nil && info.Size() > 40 {
			return send, cmd.Wait
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nothing was flushed")
	return nil, nil
}

// An archive that lmz is writing gives what there is of it, with a warning and exit code 0; once
// nobody writes it any more it is one that was cut off.
func TestReadsArchiveThatGrows(t *testing.T) {
	dir := t.TempDir()
	send, wait := liveArchive(t, dir)
	try := func(want string, code int, args ...string) {
		t.Helper()
		cmd := lmzIn(dir, args...)
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(stdout.String(), want) {
			t.Errorf("%q: exit code %d, want %d: %s%s", args, got, code, &stdout, &stderr)
		}
		if warned := strings.Contains(stderr.String(), "warning: live.lmz: it is still being written"); warned != (code == exitOK) {
			t.Errorf("%q: %s", args, &stderr)
		}
	}
	try("line 0\n", exitOK, "-dc", "live.lmz")
	try("line 0\n", exitOK, "cat", "live.lmz")
	try("1:line 0\n", exitOK, "grep", "-n", "line", "live.lmz")
	try("live.lmz\n", exitOK, "-l", "live.lmz")
	try("1 line", exitOK, "explain", "live.lmz")
	try("", exitOK, "-d", "live.lmz")
	if got, err := os.ReadFile(filepath.Join(dir, "live")); string(got) != "line 0\n" {
		t.Errorf("%q, %v", got, err)
	}
	os.Remove(filepath.Join(dir, "live"))
	cmd := lmzIn(dir, "-d", "--rm", "live.lmz")
	if cmd.Run(); cmd.ProcessState.ExitCode() != exitWarning {
		t.Errorf("--rm: exit code %d", cmd.ProcessState.ExitCode())
	}
	if _, err := os.Stat(filepath.Join(dir, "live.lmz")); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "live.lmz"))
	if err != nil {
		t.Fatal(err)
	}
	send.Close()
	if err := wait(); err != nil {
		t.Fatal(err)
	}
	// As after a crash.
	if err := os.WriteFile(filepath.Join(dir, "live.lmz"), whole, 0o666); err != nil {
		t.Fatal(err)
	}
	try("line 0\n", exitFailure, "-dc", "live.lmz")
	try("line 0\n", exitFailure, "cat", "live.lmz")
}

// Nothing replaces an archive that lmz is writing, which would lose what it is given from then on.
func TestKeepsArchiveThatGrows(t *testing.T) {
	dir := t.TempDir()
	send, wait := liveArchive(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "other"), []byte("other\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	over := func(want int, args ...string) {
		t.Helper()
		cmd := lmzIn(dir, append(args, "-1", "-f", "-o", "live.lmz", "other")...)
		text, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != want || (want == exitFailure) != strings.Contains(string(text), "is being written by another lmz") {
			t.Errorf("%q: exit code %d, want %d: %s", args, got, want, text)
		}
	}
	over(exitFailure)
	over(exitFailure, "--flush-every", "1s")
	over(exitFailure, "--one")
	fmt.Fprintln(send, "line 1")
	send.Close()
	if err := wait(); err != nil {
		t.Error(err)
	}
	if got, err := lmzIn(dir, "-dc", "live.lmz").Output(); string(got) != "line 0\nline 1\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	over(exitOK)
}

// lmz cat -f goes on while the archive grows, and ends when it is complete.
func TestCatFollows(t *testing.T) {
	dir := t.TempDir()
	send, wait := liveArchive(t, dir)
	cmd := lmzIn(dir, "cat", "-f", "live.lmz")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if i > 0 {
			fmt.Fprintf(send, "line %d\n", i)
		}
		line := make([]byte, len("line 0\n"))
		if _, err := io.ReadFull(stdout, line); err != nil || string(line) != fmt.Sprintf("line %d\n", i) {
			t.Fatalf("%q, %v", line, err)
		}
	}
	fmt.Fprint(send, "the end")
	send.Close()
	rest, err := io.ReadAll(stdout)
	if err != nil || !bytes.Equal(rest, []byte("the end")) {
		t.Errorf("%q, %v", rest, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if err := wait(); err != nil {
		t.Error(err)
	}
	again := lmzIn(dir, "cat", "-f", "live.lmz")
	if got, err := again.Output(); err != nil || string(got) != "line 0\nline 1\nline 2\nthe end" {
		t.Errorf("%q, %v", got, err)
	}
}
