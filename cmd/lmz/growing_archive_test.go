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
		if info, err := os.Stat(filepath.Join(dir, "live.lmz")); err == nil && info.Size() > 30 { // a header takes 22
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
	try("", exitOK, "-t", "live.lmz")
	try(`"result": "ok"`, exitOK, "-t", "--json", "live.lmz")
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
	try("", exitFailure, "-t", "live.lmz")
}

// Damage to an archive that lmz is writing is no less damage.
func TestFindsDamageInArchiveThatGrows(t *testing.T) {
	dir := t.TempDir()
	send, _ := liveArchive(t, dir)
	defer send.Close()
	f, err := os.OpenFile(filepath.Join(dir, "live.lmz"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		t.Fatal(err)
	}
	last := make([]byte, 4) // bytes of the first chunk
	if _, err := f.ReadAt(last, size-4); err != nil {
		t.Fatal(err)
	}
	for i := range last {
		last[i] ^= 0xff
	}
	if _, err := f.WriteAt(last, size-4); err != nil {
		t.Fatal(err)
	}
	cmd := lmzIn(dir, "-t", "live.lmz")
	if text, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitFailure {
		t.Errorf("exit code %d: %s", cmd.ProcessState.ExitCode(), text)
	}
}

// What is written to a deleted file, or behind one that was cut off, is lost: whoever writes it is
// told so.
func TestWriterFindsArchiveDeleted(t *testing.T) {
	for name, remove := range map[string]func(string) error{
		"deleted":  os.Remove,
		"cut off":  func(live string) error { return os.Truncate(live, 0) }, // as who rotates logs may do
		"replaced": func(live string) error { return os.Rename(filepath.Join(filepath.Dir(live), "other"), live) },
		"moved":    func(live string) error { return os.Rename(live, live+".old") },
	} {
		for _, more := range []string{"line 1\n", ""} {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "other"), nil, 0o666); err != nil {
				t.Fatal(err)
			}
			send, wait := liveArchive(t, dir)
			if err := remove(filepath.Join(dir, "live.lmz")); err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(send, more)
			send.Close()
			if err := wait(); (err != nil) != (name != "moved") {
				t.Errorf("%s: %v", name, err)
			}
			if name != "moved" {
				continue
			}
			if got, err := lmzIn(dir, "-dcf", "live.lmz.old").Output(); err != nil || string(got) != "line 0\n"+more {
				t.Errorf("%q, %v", got, err)
			}
		}
	}
}

// Two that write to the end of one file write one after the other.
func TestWritersOfOneFileWait(t *testing.T) {
	dir := t.TempDir()
	var sends []*os.File
	var waits []func() error
	for range 2 {
		in, send, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := os.OpenFile(filepath.Join(dir, "all.lmz"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
		if err != nil {
			t.Fatal(err)
		}
		cmd := lmzIn(dir, "-1", "--flush-every", "20ms")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() })
		in.Close()
		out.Close()
		sends, waits = append(sends, send), append(waits, cmd.Wait)
	}
	for i := range 6 {
		fmt.Fprintf(sends[i%2], "line %d\n", i)
		time.Sleep(30 * time.Millisecond)
	}
	for _, send := range sends {
		send.Close()
	}
	for _, wait := range waits {
		if err := wait(); err != nil {
			t.Error(err)
		}
	}
	got, err := lmzIn(dir, "-dc", "all.lmz").Output()
	one, other := "line 0\nline 2\nline 4\n", "line 1\nline 3\nline 5\n"
	if err != nil || string(got) != one+other && string(got) != other+one {
		t.Errorf("%q, %v", got, err)
	}
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
