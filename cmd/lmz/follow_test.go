package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lmz-go/lmz/stream"
)

// lmzIn makes a command that runs lmz in dir.
func lmzIn(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("lmz", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir)
	return cmd
}

// What is piped through lmz comes out while the pipe is open.
func TestFlushEveryThroughPipes(t *testing.T) {
	in, send, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := lmzIn(t.TempDir(), "-1", "--flush-every", "20ms")
	cmd.Stdin, cmd.Stderr = in, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	io.WriteString(send, "line 0\n")
	r, err := stream.NewReader(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	lines := bufio.NewReader(r)
	for i := range 4 {
		if i > 0 {
			fmt.Fprintf(send, "line %d\n", i)
		}
		if line, err := lines.ReadString('\n'); err != nil || line != fmt.Sprintf("line %d\n", i) {
			t.Fatalf("line %d is %q, %v", i, line, err)
		}
	}
	io.WriteString(send, "the end")
	send.Close()
	if rest, err := io.ReadAll(lines); err != nil || string(rest) != "the end" {
		t.Errorf("%q, %v", rest, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// live starts lmz --flush-every on a pipe, sends lines, and waits until they can be read from
// live.lmz.
func live(t *testing.T, dir, lines string) (cmd *exec.Cmd, send *os.File) {
	t.Helper()
	in, send, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { send.Close() })
	cmd = lmzIn(dir, "-1", "--flush-every", "20ms", "-o", "live.lmz")
	cmd.Stdin, cmd.Stderr = in, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	io.WriteString(send, lines)
	var stdout, stderr bytes.Buffer
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		stdout.Reset()
		stderr.Reset()
		read := lmzIn(dir, "-dc", "live.lmz")
		read.Stdout, read.Stderr = &stdout, &stderr
		err := read.Run()
		if stdout.String() == lines {
			if err != nil || !strings.Contains(stderr.String(), "being written") {
				t.Errorf("a growing archive is read with %v: %s", err, &stderr)
			}
			return cmd, send
		}
		if time.Now().After(deadline) {
			cmd.Process.Kill()
			t.Fatalf("read %q, %v: %s", &stdout, err, &stderr)
		}
	}
}

// An archive can be read while it grows; an interrupt finishes it.
func TestGrowingArchive(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		dir := t.TempDir()
		cmd, send := live(t, dir, "one\ntwo\n")
		io.WriteString(send, "three\n")
		time.Sleep(50 * time.Millisecond)
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", sig, err)
		}
		out, err := lmzIn(dir, "-dc", "live.lmz").Output()
		if err != nil || string(out) != "one\ntwo\nthree\n" {
			t.Errorf("%v: %q, %v", sig, out, err)
		}
	}
}

// What was flushed survives a crash of lmz.
func TestKilledLive(t *testing.T) {
	dir := t.TempDir()
	cmd, send := live(t, dir, "one\ntwo\n")
	io.WriteString(send, "thr")
	cmd.Process.Kill()
	cmd.Wait()
	archive, err := os.ReadFile(filepath.Join(dir, "live.lmz"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := stream.NewReader(bytes.NewReader(archive), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if !strings.HasPrefix(string(got), "one\ntwo\n") || !errors.Is(err, stream.ErrTruncated) {
		t.Errorf("%q, %v", got, err)
	}
}

// An interrupt does not make half of a file look like the whole: the archive stays unfinished.
func TestInterruptedLiveFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.log"), bytes.Repeat([]byte("INFO from a file that takes a while\n"), 1<<18), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := lmzIn(dir, "-3", "--flush-every", "10ms", "-o", "live.lmz", "a.log")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if info, err := os.Stat(filepath.Join(dir, "live.lmz")); err == nil && info.Size() > 0 {
			break
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err == nil {
		t.Error("it ended as if all was well")
	}
	if err := lmzIn(dir, "-t", "live.lmz").Run(); err == nil {
		t.Error("half of the file looks complete")
	}
}
