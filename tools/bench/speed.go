//go:build unix && !386 && !arm

package main

import (
	"fmt"
	"time"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/stream"
	"github.com/lmz-go/lmz/tools/internal/cpu"
)

const (
	wholeFile = "logs/Linux.log" // all of it; of the others the first speedHead bytes
	speedHead = 1_000_000
)

// clock holds the CPU times of the rounds, both directions, and the size.
type clock struct {
	compress, decompress []time.Duration
	size                 int64
}

// contestant is what is timed: it compresses data and decompresses it on one core.
type contestant struct {
	name string
	run  func(data []byte) (compress, decompress time.Duration, size int64, err error)
}

// speed compares presets and kanzi with zpaq, one after the other on the same file in each round.
func speed(o *options) error {
	files, err := corpus(o)
	if err != nil {
		return err
	}
	var contestants []contestant
	reference := zpaqArchiver.installed(o)
	if reference {
		contestants = append(contestants, contestant{zpaq5, zpaqArchiver.run})
	}
	for _, k := range kanziLevels {
		contestants = append(contestants, contestant{k.name, k.time})
	}
	presets := o.presetsOr(1, 3, 6)
	for _, p := range presets {
		contestants = append(contestants, contestant{fmt.Sprintf("-%d", p), lmzLevel(p).time})
	}
	fmt.Fprintf(o.out, "## Speed\n\nCPU time (user and system) on one core, rounds in turn: %d, the median counts; without a model. The ratios are speeds: CPU time of `zpaq a -m5 -t1` and `zpaq x -t1` divided by that of the row.", o.rounds())
	for _, p := range presets {
		fmt.Fprintf(o.out, " Tables of a worker at -%d: %.0f MB.", p, float64(mix.Memory(p, 1<<30, true))/1e6)
	}
	fmt.Fprint(o.out, "\n\n")
	t := markdown{head: []string{"file", "bytes", "by", "size", "of zpaq", "compress, MB/s", "decompress, MB/s", "compress, × zpaq", "decompress, × zpaq"}}
	for _, f := range files {
		if !f.in("logs") && !f.prose() {
			continue
		}
		n := speedHead
		if f.name == wholeFile && !o.quick {
			n = 0
		}
		data, err := f.read(o, n)
		if err != nil {
			return err
		}
		clocks := make([]clock, len(contestants))
		for round := range o.rounds() {
			for i, c := range contestants {
				compress, decompress, size, err := c.run(data)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", f.name, c.name, err)
				}
				clocks[i].add(compress, decompress)
				clocks[i].size = size
			}
			o.progress("speed: %s round %d of %d", f.name, round+1, o.rounds())
		}
		var theirs clock
		if reference {
			theirs = clocks[0]
		}
		for i, c := range contestants {
			t.speedRow(f.name, len(data), c.name, clocks[i], theirs)
		}
	}
	t.print(o.out)
	return nil
}

func (c *clock) add(compress, decompress time.Duration) {
	c.compress, c.decompress = append(c.compress, compress), append(c.decompress, decompress)
}

// lmzLevel is a preset, which is timed without a model.
type lmzLevel int

// time compresses data and decompresses it with one worker.
func (l lmzLevel) time(data []byte) (compressed, decompressed time.Duration, size int64, err error) {
	var archive []byte
	compressed, err = cpu.Time(func() error {
		archive, err = compress(data, nil, stream.WithMethod(codec.Mix), stream.WithLevel(int(l)), stream.WithWorkers(1))
		return err
	})
	if err != nil {
		return 0, 0, 0, err
	}
	decompressed, err = cpu.Time(func() error {
		return decompress(archive, nil, data, stream.WithWorkers(1))
	})
	return compressed, decompressed, int64(len(archive)), err
}

func (t *markdown) speedRow(name string, bytes int, contestant string, c, theirs clock) {
	cells := []string{name, grouped(int64(bytes)), contestant, grouped(c.size), ratio(c.size, theirs.size)}
	for _, x := range [][]time.Duration{c.compress, c.decompress} {
		cells = append(cells, fmt.Sprintf("%.2f", rate(bytes, median(x))))
	}
	for _, x := range [][2][]time.Duration{{theirs.compress, c.compress}, {theirs.decompress, c.decompress}} {
		if len(x[0]) == 0 {
			cells = append(cells, none)
			continue
		}
		cells = append(cells, fmt.Sprintf("%.2f", median(x[0]).Seconds()/median(x[1]).Seconds()))
	}
	t.row(cells...)
}
