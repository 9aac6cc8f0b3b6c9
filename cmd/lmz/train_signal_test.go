//go:build llama && cgo

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// startTraining starts lmz train -o out.gguf in dir, to last for an hour, and waits until it
// trains.
func startTraining(t *testing.T, dir string) (cmd *exec.Cmd, stderr *bufio.Reader) {
	t.Helper()
	log, err := filepath.Abs("../../testdata/postgresql-syslog.log")
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command("lmz", "train", "-v", "-m", "base", "--minutes", "60", "-o", "out.gguf", log)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "LMZ_TEST_ENGINES=1")
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stderr = bufio.NewReader(pipe)
	line, err := stderr.ReadString('\n')
	if err != nil || !strings.Contains(line, "training on ") {
		cmd.Process.Kill()
		rest, _ := io.ReadAll(stderr)
		t.Fatalf("%v: %s%s", err, line, rest)
	}
	return cmd, stderr
}

// An interrupted training writes what it has; interrupted again, it leaves nothing.
func TestTrainInterrupted(t *testing.T) {
	for _, signals := range []int{1, 2} {
		dir := t.TempDir()
		cmd, stderr := startTraining(t, dir)
		for i := range signals {
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			if i == 0 { // the first has been heard when this is said
				if line, err := stderr.ReadString('\n'); err != nil || !strings.Contains(line, "a second signal leaves nothing") {
					t.Errorf("%v: %s", err, line)
				}
			}
		}
		rest, _ := io.ReadAll(stderr)
		err := cmd.Wait()
		var left []string
		for _, name := range names(t, dir) {
			if name != ".cache" {
				left = append(left, name)
			}
		}
		switch {
		case signals == 1 && (err != nil || len(left) != 1 || left[0] != "out.gguf"):
			t.Errorf("%v; left behind: %q; %s", err, left, rest)
		case signals == 2 && (cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT || len(left) != 0):
			t.Errorf("ended with %v; left behind: %q; %s", err, left, rest)
		}
	}
}
