//go:build unix && !386 && !arm

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lmz-go/lmz/tools/internal/cpu"
)

// zpaq takes the time of the reference compressor on one core.
type zpaq struct{ program string }

// findZpaq says how to get zpaq if it is not there.
func findZpaq(o *options) *zpaq {
	program, err := exec.LookPath("zpaq")
	if err != nil {
		o.progress("zpaq is not installed (Debian: apt-get install zpaq): its columns stay empty")
		return nil
	}
	return &zpaq{program}
}

// run compresses data and decompresses it, and gives the CPU time of both.
func (z *zpaq) run(data []byte) (compress, decompress time.Duration, size int64, err error) {
	folder, err := os.MkdirTemp("", "lmz-bench-")
	if err != nil {
		return 0, 0, 0, err
	}
	defer os.RemoveAll(folder)
	file, archive := filepath.Join(folder, "data"), filepath.Join(folder, "data.zpaq")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return 0, 0, 0, err
	}
	if compress, err = z.command(folder, "a", archive, "data", "-m5", "-t1"); err != nil {
		return 0, 0, 0, err
	}
	if decompress, err = z.command(folder, "x", archive, "-to", "out", "-t1"); err != nil {
		return 0, 0, 0, err
	}
	got, err := os.ReadFile(filepath.Join(folder, "out", "data"))
	if os.IsNotExist(err) { // -to renames a single file
		got, err = os.ReadFile(filepath.Join(folder, "out"))
	}
	if err == nil && !bytes.Equal(got, data) {
		err = fmt.Errorf("zpaq gave other bytes back")
	}
	if info, e := os.Stat(archive); e == nil {
		size = info.Size()
	}
	return compress, decompress, size, err
}

func (z *zpaq) command(folder string, args ...string) (time.Duration, error) {
	c := exec.Command(z.program, args...)
	c.Dir = folder
	if out, err := c.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("zpaq %s: %w\n%s", args[0], err, out)
	}
	return cpu.Used(c.ProcessState.SysUsage().(*syscall.Rusage)), nil
}
