package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/internal/remote"
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
	asked, files := c.askedAbout(c.app, files, func(name string) (string, bool) { return remote.Extend(name, c.ending()), !c.isArchive(name) })
	c.each(asked, func(name string) error { return c.compress(ctx, name) })
	var large []string
	chunk := c.oneChunk()
	sideBySide(c.coresFor(0), func() func(string) {
		one := c.onOneCore()
		return func(name string) { c.each([]string{name}, func(name string) error { return one.compress(ctx, name) }) }
	}, func(give func(string)) {
		for _, name := range files {
			if c.sizeOf(name) > chunk {
				large = append(large, name)
			} else {
				give(name)
			}
		}
	})
	c.each(large, func(name string) error { return c.compress(ctx, name) })
}

// coresFor is how many files are compressed at the same time where each takes more bytes besides
// what compressing takes.
func (c *compressCommand) coresFor(more int64) int {
	workers := c.cores()
	if limit := int64(c.memLimit); limit > 0 {
		workers = max(1, min(workers, int(limit/(c.memory(c.most, 1)+more))))
	}
	return workers
}

// onOneCore is a command that compresses files on one core while others do so on the others.
func (c *compressCommand) onOneCore() *compressCommand {
	one := *c
	one.workers, one.single = 1, true
	one.writing = &writing{writers: map[writerKind]*stream.Writer{}}
	return &one
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
		text = "; results of " + plural(n) + " exist already"
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
