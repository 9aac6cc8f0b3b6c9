//go:build unix && !386 && !arm

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lmz-go/lmz/tools/internal/cpu"
)

// archiver is a program that keeps files in archives. Its commands run in a folder where the file
// is "data", the archive is "archive" and what is extracted goes to "out", a file or a folder.
type archiver struct {
	name, program, debian string
	add, extract          []string
}

var (
	zpaqArchiver  = archiver{zpaq5, "zpaq", "zpaq", []string{"a", "archive.zpaq", "data", "-m5", "-t1"}, []string{"x", "archive.zpaq", "-to", "out", "-t1"}}
	zpaq3Archiver = archiver{"zpaq -m3", "zpaq", "zpaq", []string{"a", "archive.zpaq", "data", "-m3", "-t1"}, zpaqArchiver.extract}
	ppmdArchiver  = archiver{"7z PPMd", "7zz", "7zip", []string{"a", "-mmt1", "-m0=PPMd:mem=256m:o=16", "archive.7z", "data"}, []string{"x", "-mmt1", "-oout", "archive.7z"}}
)

// installed says how to get the program if it is not there.
func (a archiver) installed(o *options) bool {
	_, err := exec.LookPath(a.program)
	if err != nil {
		o.progress("%s is not installed (Debian: apt-get install %s): it is left out", a.program, a.debian)
	}
	return err == nil
}

// run compresses data and decompresses it, and gives the CPU time of both.
func (a archiver) run(data []byte) (compress, decompress time.Duration, size int64, err error) {
	folder, err := os.MkdirTemp("", "lmz-bench-")
	if err != nil {
		return 0, 0, 0, err
	}
	defer os.RemoveAll(folder)
	if err := os.WriteFile(filepath.Join(folder, "data"), data, 0o600); err != nil {
		return 0, 0, 0, err
	}
	if compress, err = a.command(folder, a.add); err != nil {
		return 0, 0, 0, err
	}
	if decompress, err = a.command(folder, a.extract); err != nil {
		return 0, 0, 0, err
	}
	got, err := os.ReadFile(filepath.Join(folder, "out", "data"))
	if os.IsNotExist(err) || errors.Is(err, syscall.ENOTDIR) { // zpaq's -to renames a single file
		got, err = os.ReadFile(filepath.Join(folder, "out"))
	}
	if err == nil && !bytes.Equal(got, data) {
		err = fmt.Errorf("%s gave other bytes back", a.name)
	}
	archives, _ := filepath.Glob(filepath.Join(folder, "archive.*"))
	for _, name := range archives {
		if info, e := os.Stat(name); e == nil {
			size = info.Size()
		}
	}
	return compress, decompress, size, err
}

func (a archiver) command(folder string, args []string) (time.Duration, error) {
	c := exec.Command(a.program, args...)
	c.Dir = folder
	if out, err := c.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s %s: %w\n%s", a.program, args[0], err, out)
	}
	return cpu.Used(c.ProcessState.SysUsage().(*syscall.Rusage)), nil
}
