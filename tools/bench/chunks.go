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
	fmt.Fprintf(o.out, "## Chunks\n\nWhat random access costs: logs of 2 MB and more in chunks of %d KiB that start from the default primer (the first %d KiB), and in a single chunk; without a model.\n\n",
		smallChunk>>10, preset.PrimerSize(smallChunk)>>10)
	t := markdown{head: []string{"file", "preset", "single chunk, bytes", "small chunks, bytes", "more, %"}}
	files = slices.DeleteFunc(files, func(f *benchFile) bool {
		return !f.in("logs") || f.bytes < largeFile || o.quick && f.bytes > 2*largeFile
	})
	for _, p := range o.presetsOr(6) {
		sizes := make(map[*benchFile]*[2]int64) // single, small
		for _, f := range files {
			sizes[f] = new([2]int64)
		}
		err := each(files, func(f *benchFile) error {
			single, err := archiveSize(o, f, p, stream.WithPrimer(0), stream.WithChunkSize(int(f.bytes)))
			if err != nil {
				return err
			}
			small, err := archiveSize(o, f, p, stream.WithChunkSize(smallChunk))
			o.progress("chunks: -%d %s %d %d", p, f.name, single, small)
			*sizes[f] = [2]int64{single, small}
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range files {
			single, small := sizes[f][0], sizes[f][1]
			t.row(f.name, fmt.Sprintf("-%d", p), grouped(single), grouped(small), fmt.Sprintf("%.1f", 100*(float64(small)/float64(single)-1)))
		}
	}
	t.print(o.out)
	return nil
}
