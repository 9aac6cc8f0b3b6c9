//go:build linux || darwin

package main

import (
	"bufio"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// An interrupt at the question ends lmz, which leaves what was there.
func TestInterruptedQuestion(t *testing.T) {
	heed(t, syscall.SIGINT)
	dir := t.TempDir()
	for _, name := range []string{"a.log", "a.log.lmz"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("precious\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	control, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close()
	cmd := lmzIn(dir, "-1", "a.log")
	cmd.Stdin, cmd.Stderr = tty, tty
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	if asked, err := bufio.NewReader(control).ReadString(')'); err != nil {
		t.Fatalf("%q, %v", asked, err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v", cmd.ProcessState)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "a.log.lmz")); string(text) != "precious\n" {
		t.Errorf("%q, %v", text, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 2 {
		t.Errorf("%v", files)
	}
}
