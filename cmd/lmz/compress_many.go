package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/stream"
)

// tally counts what becomes of files.
type tally struct {
	files, existing atomic.Int64
	raw, compressed atomic.Int64 // bytes of the files
}

// compressMany compresses files of one chunk side by side, each on one core, and then larger ones
// one after the other, each on all of them.
func (c *compressCommand) compressMany(ctx context.Context, files []string) {
	workers := c.workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if limit := int64(c.memLimit); limit > 0 {
		workers = max(1, min(workers, int(limit/c.memory(1))))
	}
	var large []string
	small := make(chan string)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			one := *c
			one.workers, one.single = 1, true
			one.writing = &writing{writers: map[writerKind]*stream.Writer{}}
			for name := range small {
				c.each([]string{name}, func(name string) error { return one.compress(ctx, name) })
			}
		})
	}
	chunk := c.oneChunk()
	for _, name := range files {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && info.Size() > chunk {
			large = append(large, name)
		} else {
			small <- name
		}
	}
	close(small)
	running.Wait()
	c.each(large, func(name string) error { return c.compress(ctx, name) })
}

// oneChunk is how many bytes of input make one chunk, at most.
func (c *compressCommand) oneChunk() int64 {
	if c.chunkSize > 0 {
		return int64(c.chunkSize)
	}
	if c.method == "mix" {
		return int64(preset.Level(c.level()).ChunkSize)
	}
	return preset.PlainChunkSize
}

// summarize says what came of all files.
func (c *compressCommand) summarize() {
	t := c.tally
	raw, compressed := t.raw.Load(), t.compressed.Load()
	text := ""
	if n := t.existing.Load(); n > 0 {
		text = "; those of " + plural(n) + " exist already"
	}
	if c.failed.Load() || c.warned.Load() {
		text += "; not all went well"
	}
	c.ui.Summary("%s: %s -> %s (%s)%s", plural(t.files.Load()), ui.FormatBytes(raw), ui.FormatBytes(compressed), ui.FormatRatio(raw, compressed), text)
}

func (t *tally) add(raw, compressed int64) {
	t.files.Add(1)
	t.raw.Add(raw)
	t.compressed.Add(compressed)
}

func plural(n int64) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}
