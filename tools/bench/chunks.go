//go:build unix && !386 && !arm

package main

import (
	"fmt"
	"slices"

	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/stream"
)

const (
	smallChunk = 64 << 10
	largeFile  = 2_000_000 // bytes
)

// chunks compares archives of small chunks, which start from a primer, with archives of one chunk.
func chunks(o *options) error {
	files, err := corpus(o)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "## Chunks\n\nWhat random access costs: logs of 2 MB and more in chunks of %d KiB that start from a primer of %d KiB, with a lead and without, and in a single chunk; without a model.\n\n",
		smallChunk>>10, preset.PrimerSize(smallChunk)>>10)
	t := markdown{head: []string{"file", "preset", "single chunk, bytes", "small chunks, bytes", "more, %", "without a lead", "more, %"}}
	files = slices.DeleteFunc(files, func(f *benchFile) bool {
		return !f.in("logs") || f.bytes < largeFile || o.quick && f.bytes > 2*largeFile
	})
	for _, p := range o.presetsOr(6) {
		sizes := make(map[*benchFile]*[3]int64) // single, small, without a lead
		for _, f := range files {
			sizes[f] = new([3]int64)
		}
		err := each(files, func(f *benchFile) error {
			single, err := archiveSize(o, f, p, stream.WithPrimer(0), stream.WithChunkSize(int(f.bytes)))
			if err != nil {
				return err
			}
			small, err := archiveSize(o, f, p, stream.WithChunkSize(smallChunk))
			if err != nil {
				return err
			}
			plain, err := archiveSize(o, f, p, stream.WithChunkSize(smallChunk), stream.WithPrimer(preset.PrimerSize(smallChunk)))
			o.progress("chunks: -%d %s %d %d %d", p, f.name, single, small, plain)
			*sizes[f] = [3]int64{single, small, plain}
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range files {
			row := []string{f.name, fmt.Sprintf("-%d", p), grouped(sizes[f][0])}
			for _, small := range sizes[f][1:] {
				row = append(row, grouped(small), fmt.Sprintf("%.1f", 100*(float64(small)/float64(sizes[f][0])-1)))
			}
			t.row(row...)
		}
	}
	t.print(o.out)
	return nil
}
