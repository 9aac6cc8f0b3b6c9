//go:build unix && !386 && !arm

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/lmz-go/lmz/tools/internal/cpu"
)

// start reports what a process takes that compresses one small file: most of it is to begin. lmz is
// built without C, so that no library is linked.
func start(o *options) error {
	files, err := corpus(o)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "lmz-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	lmz := filepath.Join(folder, "lmz")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", lmz, "./cmd/lmz")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build ./cmd/lmz: %w", err)
	}
	var names []string
	for _, f := range files {
		if !f.in("logs") {
			continue
		}
		text, err := f.read(o, 10_000)
		if err != nil {
			return err
		}
		name := filepath.Join(folder, filepath.Base(f.name))
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return err
		}
		names = append(names, name)
	}
	type program struct {
		name    string
		command []string
		cpu     []time.Duration
		size    int
	}
	var programs []*program
	for _, n := range o.presetsOr(0, 1, 3, 6, 9) {
		programs = append(programs, &program{name: fmt.Sprintf("lmz -%d", n), command: []string{lmz, fmt.Sprintf("-%d", n), "--no-model", "-c"}})
	}
	for _, a := range []archiver{{name: "zstd -19", program: "zstd", debian: "zstd"}, {name: "xz -9", program: "xz", debian: "xz-utils"}} {
		if a.installed(o) {
			programs = append(programs, &program{name: a.name, command: append(strings.Fields(a.name), "-c")})
		}
	}
	for round := range 5 * o.rounds() {
		for _, name := range names {
			for _, p := range programs {
				c := exec.Command(p.command[0], append(p.command[1:], name)...)
				c.Stderr = os.Stderr
				out, err := c.Output()
				if err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
				p.cpu = append(p.cpu, cpu.Used(c.ProcessState.SysUsage().(*syscall.Rusage)))
				if round == 0 {
					p.size += len(out)
				}
			}
		}
	}
	fmt.Fprintf(o.out, "## Start-up\n\nCPU time of a process that compresses one file, the first 10 000 bytes of each of %d logs, in turn, and the sizes together.\n\n", len(names))
	t := markdown{head: []string{"program", "least, ms", "median, ms", "bytes"}}
	for _, p := range programs {
		ms := func(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1000) }
		t.row(p.name, ms(slices.Min(p.cpu)), ms(median(p.cpu)), grouped(int64(p.size)))
	}
	t.print(o.out)
	return nil
}
