package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// peakVariable names the file in which the command under test says how much memory it took. What
// its parent is told includes the parent's own memory.
const peakVariable = "LMZ_TEST_PEAK"

// reportPeak writes VmHWM, in KiB.
func reportPeak() {
	name := os.Getenv(peakVariable)
	if name == "" {
		return
	}
	status, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			os.WriteFile(name, value, 0o666)
		}
	}
}

// measured makes the command leave its peak of memory, in bytes, for the function that is returned.
func measured(t *testing.T, cmd *exec.Cmd) func() int64 {
	name := filepath.Join(t.TempDir(), "peak")
	cmd.Env = append(cmd.Env, peakVariable+"="+name)
	return func() int64 {
		t.Helper()
		text, err := os.ReadFile(name)
		if err != nil {
			t.Skipf("this system does not say how much memory a process took: %v", err)
		}
		var n int64
		if _, err := fmt.Sscanf(string(text), "%d", &n); err != nil {
			t.Fatal(err)
		}
		return n << 10
	}
}
