package main

import (
	"fmt"
	"runtime/debug"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/bwt"
	"github.com/lmz-go/lmz/internal/preset"
)

// ownMemory is what lmz takes itself, beyond the limit, in bytes.
const ownMemory = 32 << 20

// limitMemory makes the garbage collector keep to --memlimit: what is no longer used counts until
// it is collected.
func (c *coding) limitMemory() {
	if c.memLimit > 0 {
		debug.SetMemoryLimit(int64(c.memLimit) + ownMemory)
	}
}

// zstdMemory is what an encoder of the method zstd takes, in bytes.
const zstdMemory = 32 << 20

// memory is about what compressing takes with so many workers, in bytes: the tables of each, those
// of what chunks start from, and the chunks on their way, raw and coded. With verify a decoder has
// as many tables once more, and half as many chunks more are on their way, decoded too. A model
// comes on top.
func (c *compressCommand) memory(workers int) int64 {
	method := methods[c.method]
	chunks := int64(workers) // that are coded at a time
	if method.ByTokens() {
		lanes := c.lanes
		if lanes == 0 {
			lanes = 8
		}
		chunks *= int64(lanes)
	}
	var tables int64
	chunkSize := int64(c.chunkSize)
	switch {
	case method == codec.Mix:
		level := preset.Level(c.level())
		if chunkSize == 0 {
			chunkSize = int64(level.ChunkSize)
		}
		tables = level.Memory
		if level.Sorted > 0 {
			tables = max(tables, int64(bwt.Memory(int(chunkSize))))
		}
		tables *= chunks
		if !c.primed || c.primer > 0 {
			tables += 2 * level.Memory // one to keep, one to make it
		}
	case method == codec.BWT:
		if chunkSize == 0 {
			chunkSize = preset.BWTChunkSize
		}
		tables = chunks * int64(bwt.Memory(int(chunkSize)))
	case method.ByTokens():
		if chunkSize == 0 {
			chunkSize = preset.ModelChunkSize
		}
	default:
		if chunkSize == 0 {
			chunkSize = preset.PlainChunkSize
		}
		if method == codec.Zstd {
			tables = int64(workers) * zstdMemory
		}
	}
	if c.verify || c.remove {
		return 2*tables + (3*chunks+1)*3*chunkSize
	}
	return tables + (2*chunks+1)*2*chunkSize
}

// fitMemory lowers the number of workers until they keep to --memlimit, and says so.
func (c *compressCommand) fitMemory() error {
	limit := int64(c.memLimit)
	if limit == 0 {
		return nil
	}
	if least := c.memory(1); least > limit {
		return ui.Usage(fmt.Sprintf("--memlimit %s: compressing takes %s at least", c.memLimit.String(), ui.FormatBytes(least)),
			"a lower preset or a smaller --chunk-size takes less")
	}
	asked := c.cores()
	workers := asked
	for c.memory(workers) > limit {
		workers--
	}
	if workers < asked {
		c.ui.Warning("", "compressing with -T%d instead of -T%d, to keep to --memlimit", workers, asked)
	}
	c.workers = workers
	c.limitMemory()
	return nil
}
