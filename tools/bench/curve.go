//go:build unix && !386 && !arm

package main

import (
	"fmt"
	"path/filepath"
	"time"
)

// curveText is what table curve measures: the first bytes of files, together.
type curveText struct {
	name, title string
	files       []string
	head        int // bytes of each file
}

var curveTexts = []curveText{
	{"logs", "five logs", []string{"logs/Apache.log", "logs/pg-syslog.log", "logs/zeek-ssl.json", "logs/k8s-trainticket.csv", "logs/windows-events.json"}, 2_000_000},
	{"prose", "prose (dickens)", []string{"text/dickens"}, 2_000_000},
}

// archived is how much core hours are given for, in bytes.
const archived = 30e9

// point is what a contestant makes of a text: bytes, and the CPU time of both directions.
type point struct {
	name                 string
	ours                 bool
	size                 int64
	compress, decompress time.Duration
}

// curve measures bytes against speed of all presets and of other compressors, and draws them.
func curve(o *options) error {
	files, err := corpus(o)
	if err != nil {
		return err
	}
	for _, text := range curveTexts {
		var data [][]byte
		bytes := 0
		for _, f := range files {
			for _, name := range text.files {
				if f.name != name {
					continue
				}
				n := text.head
				if o.quick {
					n /= 16
				}
				b, err := f.read(o, n)
				if err != nil {
					return err
				}
				data, bytes = append(data, b), bytes+len(b)
			}
		}
		if len(data) < len(text.files) {
			o.progress("curve: not all files of %s are there: it is left out", text.title)
			continue
		}
		points, err := measureCurve(o, text.title, data)
		if err != nil {
			return err
		}
		picture := filepath.Join(o.pictures, "speed-"+text.name+".svg")
		if err := drawCurve(picture, fmt.Sprintf("%s, %d MB", text.title, bytes/1_000_000), bytes, points); err != nil {
			return err
		}
		fmt.Fprintf(o.out, "## Bytes against speed: %s\n\nThe first %s bytes of each file, %s in all; CPU time (user and system) of one core, median of %d; without a model. Drawn in %s.\n\n",
			text.title, grouped(int64(len(data[0]))), grouped(int64(bytes)), o.rounds(), filepath.Base(picture))
		t := markdown{head: []string{"by", "size", "% of the original", "compress, MB/s", "decompress, MB/s", "core-hours to compress 30 GB", "to decompress"}}
		for _, p := range points {
			hours := func(d time.Duration) string { return fmt.Sprintf("%.2f", d.Hours()*archived/float64(bytes)) }
			t.row(p.name, grouped(p.size), fmt.Sprintf("%.2f", 100*float64(p.size)/float64(bytes)), fmt.Sprintf("%.3g", rate(bytes, p.compress)),
				fmt.Sprintf("%.3g", rate(bytes, p.decompress)), hours(p.compress), hours(p.decompress))
		}
		t.print(o.out)
	}
	return nil
}

// rate is in MB/s.
func rate(bytes int, d time.Duration) float64 {
	return float64(bytes) / 1e6 / max(d, time.Millisecond).Seconds()
}

// measureCurve takes all contestants in turn in each round.
func measureCurve(o *options, title string, data [][]byte) ([]point, error) {
	presets := o.presetsOr(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	var contestants []contestant
	for _, p := range presets {
		contestants = append(contestants, contestant{fmt.Sprintf("lmz -%d", p), lmzLevel(p).time})
	}
	for _, f := range filters {
		if f.installed(o) {
			contestants = append(contestants, contestant{f.name, f.run})
		}
	}
	for _, a := range []archiver{ppmdArchiver, zpaq3Archiver, zpaqArchiver} {
		if a.installed(o) {
			contestants = append(contestants, contestant{a.name, a.run})
		}
	}
	for _, k := range append(kanziSorting, kanziLevels...) {
		contestants = append(contestants, contestant{k.name, k.time})
	}
	clocks := make([]clock, len(contestants))
	for round := range o.rounds() {
		for i, c := range contestants {
			var compress, decompress time.Duration
			clocks[i].size = 0
			for _, b := range data {
				in, out, size, err := c.run(b)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", title, c.name, err)
				}
				compress, decompress = compress+in, decompress+out
				clocks[i].size += size
			}
			clocks[i].add(compress, decompress)
			o.progress("curve: %s, %s, round %d of %d", title, c.name, round+1, o.rounds())
		}
	}
	points := make([]point, len(contestants))
	for i, c := range contestants {
		points[i] = point{c.name, i < len(presets), clocks[i].size, median(clocks[i].compress), median(clocks[i].decompress)}
	}
	return points, nil
}
