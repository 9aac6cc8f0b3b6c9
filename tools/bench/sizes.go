//go:build unix && !386 && !arm

package main

import (
	"fmt"
	"strings"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/stream"
)

// smallFile is the size from which -quick leaves files out, in bytes.
const smallFile = 1 << 20

// groups are the sums of the table sizes.
var groups = []struct {
	name string
	has  func(*benchFile) bool
}{
	{"logs/ and loghub-2k/", func(f *benchFile) bool { return f.in("logs") || f.in("loghub-2k") }},
	{"loghub-2k/", func(f *benchFile) bool { return f.in("loghub-2k") }},
	{"files with paq8px", func(f *benchFile) bool { return f.others[paq8] > 0 }},
	{"text/", func(f *benchFile) bool { return f.in("text") }},
	{"dickens, alice29, lcet10, plrabn12", (*benchFile).prose},
	{"structured/", func(f *benchFile) bool { return f.in("structured") }},
	{"binary/", func(f *benchFile) bool { return f.in("binary") }},
}

// sizes compares the archives of whole files with those of other compressors.
func sizes(o *options) error {
	files, err := corpus(o)
	if err != nil {
		return err
	}
	if o.quick {
		files = smaller(files)
	}
	presets := o.presetsOr(1, 3, 6, 9)
	archives := make(map[*benchFile][]int64) // by index of presets
	for _, f := range files {
		archives[f] = make([]int64, len(presets))
	}
	for i, p := range presets {
		err := each(files, func(f *benchFile) (err error) {
			archives[f][i], err = archiveSize(o, f, p)
			o.progress("sizes: -%d %s %d", p, f.name, archives[f][i])
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, k := range kanziLevels {
		err := each(files, func(f *benchFile) error {
			data, err := f.read(o, 0)
			if err != nil {
				return err
			}
			archive, err := k.compress(data)
			f.others[k.name] = int64(len(archive))
			o.progress("sizes: %s %s %d", k.name, f.name, len(archive))
			return err
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprint(o.out, "## Sizes\n\nWhole archives of whole files in bytes, method mix without a model; in the columns \"of zpaq\" as a part of what zpaq -m5 takes.\n\n")
	t := markdown{head: []string{"file", "bytes"}}
	for _, p := range presets {
		t.head = append(t.head, fmt.Sprintf("-%d", p))
	}
	t.head = append(t.head, others...)
	for _, p := range presets {
		t.head = append(t.head, fmt.Sprintf("-%d of zpaq", p))
	}
	for _, f := range files {
		t.sizeRow(f.name, f.bytes, archives[f], f.others)
	}
	for _, g := range groups {
		bytes, sum, otherSum, members := addUp(files, archives, g.has)
		if members > 1 {
			t.sizeRow(fmt.Sprintf("**%s** (%d)", g.name, members), bytes, sum, otherSum)
		}
	}
	t.print(o.out)
	for i, p := range presets {
		worst, name := worstBinary(files, func(f *benchFile) int64 { return archives[f][i] })
		if name != "" {
			fmt.Fprintf(o.out, "* -%d on binary/: at worst %.3f of the better of zstd and zpaq (%s)\n", p, worst, name)
		}
	}
	fmt.Fprintln(o.out)
	return nil
}

func smaller(files []*benchFile) []*benchFile {
	var small []*benchFile
	for _, f := range files {
		if f.bytes < smallFile {
			small = append(small, f)
		}
	}
	return small
}

// archiveSize is the size of the archive of a file, by the method mix without a model. It takes one
// core.
func archiveSize(o *options, f *benchFile, preset int, opts ...stream.WriterOption) (int64, error) {
	data, err := f.read(o, 0)
	if err != nil {
		return 0, err
	}
	archive, err := compress(data, nil, append(opts, stream.WithMethod(codec.Mix), stream.WithLevel(preset), stream.WithWorkers(1))...)
	return int64(len(archive)), err
}

// addUp sums what the files of a group take. A compressor that lacks one of them has no sum.
func addUp(files []*benchFile, archives map[*benchFile][]int64, has func(*benchFile) bool) (bytes int64, sum []int64, otherSum map[string]int64, members int) {
	otherSum = make(map[string]int64)
	lacking := make(map[string]bool)
	for _, f := range files {
		if !has(f) {
			continue
		}
		members++
		bytes += f.bytes
		if sum == nil {
			sum = make([]int64, len(archives[f]))
		}
		for i, n := range archives[f] {
			sum[i] += n
		}
		for _, c := range others {
			otherSum[c] += f.others[c]
			lacking[c] = lacking[c] || f.others[c] == 0
		}
	}
	for c := range lacking {
		if lacking[c] {
			delete(otherSum, c)
		}
	}
	return bytes, sum, otherSum, members
}

func (t *markdown) sizeRow(name string, bytes int64, archives []int64, otherSizes map[string]int64) {
	cells := []string{name, grouped(bytes)}
	for _, n := range archives {
		cells = append(cells, grouped(n))
	}
	for _, c := range others {
		cells = append(cells, grouped(otherSizes[c]))
	}
	for _, n := range archives {
		cells = append(cells, ratio(n, otherSizes[zpaq5]))
	}
	t.row(cells...)
}

// worstBinary is the largest ratio of a file of binary/ to the better of zstd and zpaq.
func worstBinary(files []*benchFile, size func(*benchFile) int64) (worst float64, name string) {
	for _, f := range files {
		if !f.in("binary") {
			continue
		}
		if r := float64(size(f)) / float64(min(f.others[zstd22], f.others[zpaq5])); r > worst {
			worst, name = r, strings.TrimPrefix(f.name, "binary/")
		}
	}
	return worst, name
}
