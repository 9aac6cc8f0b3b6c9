package main

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startWaiting starts a command in dir that runs lmz -o out.lmz, and waits for its temporary file.
func startWaiting(t *testing.T, dir string, stdin io.Reader, args ...string) (cmd *exec.Cmd, stderr *strings.Builder) {
	t.Helper()
	stderr = &strings.Builder{}
	cmd = exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, stdin, stderr
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if files, _ := filepath.Glob(filepath.Join(dir, ".out*")); len(files) > 0 {
			return cmd, stderr
		}
		if time.Now().After(deadline) {
			cmd.Process.Kill()
			t.Fatalf("no temporary file appeared; standard error: %s", stderr)
		}
	}
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// An interrupted run leaves no output, and dies of the signal, so that a shell knows; of SIGQUIT,
// which Go keeps for itself, it ends with the exit code of that.
func TestInterrupted(t *testing.T) {
	for name, args := range map[string][]string{"compress": nil, "decompress": {"-d"}, "append": {"--append"}} {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
			t.Run(name+"/"+sig.String(), func(t *testing.T) { interrupt(t, sig, args) })
		}
	}
}

// heed lets commands begin with the signal heeded: under nohup, or in the background of a shell, the
// test, and so they, would ignore it.
func heed(t *testing.T, sig os.Signal) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, sig)
	t.Cleanup(func() { signal.Stop(caught) })
}

func interrupt(t *testing.T, sig syscall.Signal, args []string) {
	heed(t, sig)
	dir := t.TempDir()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cmd, stderr := startWaiting(t, dir, r, append([]string{"lmz", "-o", "out.lmz"}, args...)...)
	r.Close()
	// A header, for those who decompress.
	w.WriteString("\xbclmz\x01\x10\x01\x03\x80\x80\x40\x20\x1a\xe2\x3e")
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if sig == syscall.SIGQUIT {
		if code := cmd.ProcessState.ExitCode(); code != 128+int(sig) || stderr.Len() > 0 {
			t.Errorf("ended with %v; standard error: %s", cmd.ProcessState, stderr)
		}
	} else if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != sig {
		t.Errorf("ended with %v, want death of %v; standard error: %s", cmd.ProcessState, sig, stderr)
	}
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// A signal that was ignored when lmz began, as by nohup, is ignored by it too.
func TestIgnoredSignal(t *testing.T) {
	dir := t.TempDir()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd, stderr := startWaiting(t, dir, r, "sh", "-c", "trap '' HUP; exec lmz -o out.lmz")
	r.Close()
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	w.WriteString("INFO the first and last line\n")
	w.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v; standard error: %s", err, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "out.lmz")); err != nil {
		t.Error(err)
	}
}

// A reader that goes away, as in lmz -dc a.lmz | head, ends lmz without a word.
func TestClosedPipe(t *testing.T) {
	dir := t.TempDir()
	log := strings.Repeat("INFO user from port 22\n", 20000) // more than a pipe holds
	if err := os.WriteFile(filepath.Join(dir, "a.log"), []byte(log), 0o666); err != nil {
		t.Fatal(err)
	}
	lmz := func(args ...string) *exec.Cmd {
		cmd := exec.Command("lmz", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir)
		return cmd
	}
	if out, err := lmz("--method", "zstd", "a.log").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := lmz("-dc", "a.log.lmz")
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = w, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := io.ReadFull(r, make([]byte, 100)); err != nil {
		t.Error(err)
	}
	r.Close()
	err = cmd.Wait()
	if stderr.Len() > 0 {
		t.Errorf("standard error: %s", &stderr)
	}
	if code := cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGPIPE) {
		t.Errorf("ended with %v", err)
	}
}
