//go:build unix

package main

import (
	"fmt"
	"time"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/stream"
)

const (
	wholeFile = "logs/Linux.log" // all of it; of the other logs the first speedHead bytes
	speedHead = 1_000_000
)

// clock holds the CPU times of the rounds, both directions.
type clock struct{ compress, decompress []time.Duration }

// speed compares presets with zpaq, one after the other on the same file in each round.
func speed(o *options) error {
	files, err := corpus(o)
	if err != nil {
		return err
	}
	reference := findZpaq(o)
	presets := o.presetsOr(1, 3, 6)
	fmt.Fprintf(o.out, "## Speed\n\nCPU time (user and system) on one core, rounds in turn: %d, the median counts; without a model. The ratios are speeds: CPU time of `zpaq a -m5 -t1` and `zpaq x -t1` divided by that of the preset.", o.rounds())
	for _, p := range presets {
		fmt.Fprintf(o.out, " Tables of a worker at -%d: %.0f MB.", p, float64(mix.Memory(p, 1<<30, true))/1e6)
	}
	fmt.Fprint(o.out, "\n\n")
	t := markdown{head: []string{"file", "bytes", "preset", "size", "of zpaq", "compress, MB/s", "decompress, MB/s", "compress, × zpaq", "decompress, × zpaq"}}
	for _, f := range files {
		if !f.in("logs") {
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
		var theirs clock
		var theirSize int64
		ours, ourSizes := make([]clock, len(presets)), make([]int64, len(presets))
		for round := range o.rounds() {
			if reference != nil {
				c, d, size, err := reference.run(data)
				if err != nil {
					return err
				}
				theirs.add(c, d)
				theirSize = size
			}
			for i, p := range presets {
				c, d, size, err := timePreset(data, p)
				if err != nil {
					return fmt.Errorf("%s at -%d: %w", f.name, p, err)
				}
				ours[i].add(c, d)
				ourSizes[i] = size
			}
			o.progress("speed: %s round %d of %d", f.name, round+1, o.rounds())
		}
		if reference != nil {
			t.speedRow(f.name, len(data), "zpaq -m5", theirSize, theirs, theirSize, theirs)
		}
		for i, p := range presets {
			t.speedRow(f.name, len(data), fmt.Sprintf("-%d", p), ourSizes[i], ours[i], theirSize, theirs)
		}
	}
	t.print(o.out)
	return nil
}

func (c *clock) add(compress, decompress time.Duration) {
	c.compress, c.decompress = append(c.compress, compress), append(c.decompress, decompress)
}

// timePreset compresses and decompresses with one worker.
func timePreset(data []byte, preset int) (compressed, decompressed time.Duration, size int64, err error) {
	var archive []byte
	compressed, err = cpuTime(func() error {
		archive, err = compress(data, nil, stream.WithMethod(codec.Mix), stream.WithLevel(preset), stream.WithWorkers(1))
		return err
	})
	if err != nil {
		return 0, 0, 0, err
	}
	decompressed, err = cpuTime(func() error {
		return decompress(archive, nil, data, stream.WithWorkers(1))
	})
	return compressed, decompressed, int64(len(archive)), err
}

func (t *markdown) speedRow(name string, bytes int, preset string, size int64, c clock, theirSize int64, theirs clock) {
	cells := []string{name, grouped(int64(bytes)), preset, grouped(size), ratio(size, theirSize)}
	for _, x := range [][]time.Duration{c.compress, c.decompress} {
		cells = append(cells, fmt.Sprintf("%.2f", float64(bytes)/1e6/median(x).Seconds()))
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
