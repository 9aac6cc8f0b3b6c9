//go:build unix && !386 && !arm

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"github.com/lmz-go/lmz/tools/internal/cpu"
)

// kanziSorting are kanzi's levels that sort blocks.
var kanziSorting = []kanziLevel{
	{"kanzi -5", "TEXT+UTF+BWT+RANK+ZRLT", "ANS0", 4 << 20},
	{"kanzi -6", "TEXT+UTF+BWT+SRT+ZRLT", "FPAQ", 8 << 20},
	{"kanzi -7", "LZP+TEXT+UTF+BWT+LZP", "CM", 16 << 20},
}

// filter is a command that compresses standard input to standard output.
type filter struct {
	name                 string
	compress, decompress []string
}

// sorting is how many of filters the table prose has; the table curve has all.
const sorting = 3

var filters = []filter{
	{"bzip3 -b 16", []string{"bzip3", "-e", "-b", "16", "-c"}, []string{"bzip3", "-d", "-c"}},
	{"xz -9e", []string{"xz", "-T1", "-9e", "-c"}, []string{"xz", "-T1", "-dc"}},
	{"zstd -19 --long=27", []string{"zstd", "-q", "-19", "--long=27", "-c"}, []string{"zstd", "-q", "-d", "--long=27", "-c"}},
	{"zstd -3", []string{"zstd", "-q", "-3", "-c"}, []string{"zstd", "-q", "-d", "-c"}},
	{"xz -6", []string{"xz", "-T1", "-6", "-c"}, []string{"xz", "-T1", "-dc"}},
	{"lrzip -z", []string{"lrzip", "-q", "-z", "-p1"}, []string{"lrzip", "-q", "-d", "-p1"}},
}

// installed says which program is missing if it is not there.
func (f filter) installed(o *options) bool {
	_, err := exec.LookPath(f.compress[0])
	if err != nil {
		o.progress("%s is not installed: it is left out", f.compress[0])
	}
	return err == nil
}

// run compresses data and decompresses it, and gives the CPU time of both.
func (f filter) run(data []byte) (compress, decompress time.Duration, size int64, err error) {
	archive, compress, err := throughPipe(f.compress, data)
	if err != nil {
		return 0, 0, 0, err
	}
	back, decompress, err := throughPipe(f.decompress, archive)
	if err == nil && !bytes.Equal(back, data) {
		err = fmt.Errorf("%s gave other bytes back", f.name)
	}
	return compress, decompress, int64(len(archive)), err
}

func throughPipe(command []string, in []byte) ([]byte, time.Duration, error) {
	c := exec.Command(command[0], command[1:]...)
	c.Stdin = bytes.NewReader(in)
	out, err := c.Output()
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", command[0], err)
	}
	return out, cpu.Used(c.ProcessState.SysUsage().(*syscall.Rusage)), nil
}

// prose compares the presets that sort prose with others that do, in size and speed.
func prose(o *options) error {
	files, err := corpus(o)
	if err != nil {
		return err
	}
	var contestants []contestant
	for _, p := range o.presetsOr(1, 2, 3, 4) {
		contestants = append(contestants, contestant{fmt.Sprintf("-%d", p), lmzLevel(p).time})
	}
	for _, f := range filters[:sorting] {
		if f.installed(o) {
			contestants = append(contestants, contestant{f.name, f.run})
		}
	}
	for _, k := range append(kanziSorting, kanziLevels...) {
		contestants = append(contestants, contestant{k.name, k.time})
	}
	fmt.Fprintf(o.out, "## Prose\n\nWhole files; MB/s of CPU time (user and system) on one core, median of %d; without a model.\n\n", o.rounds())
	t := markdown{head: []string{"file", "bytes", "by", "size", "compress, MB/s", "decompress, MB/s"}}
	for _, f := range files {
		if !f.prose() && f.name != "text/news" {
			continue
		}
		data, err := f.read(o, 0)
		if err != nil {
			return err
		}
		for _, c := range contestants {
			var times clock
			for range o.rounds() {
				compress, decompress, size, err := c.run(data)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", f.name, c.name, err)
				}
				times.add(compress, decompress)
				times.size = size
			}
			speed := func(d []time.Duration) string { return fmt.Sprintf("%.2f", rate(len(data), median(d))) }
			t.row(f.name, grouped(int64(len(data))), c.name, grouped(times.size), speed(times.compress), speed(times.decompress))
			o.progress("prose: %s, %s", f.name, c.name)
		}
	}
	t.print(o.out)
	return nil
}
