package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/lmz-go/lmz/cmd/lmz/internal/file"
	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/bwt"
	"github.com/lmz-go/lmz/internal/cover"
	"github.com/lmz-go/lmz/internal/mix"
	"github.com/lmz-go/lmz/internal/preset"
	"github.com/lmz-go/lmz/internal/remote"
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

// memory is about what compressing size bytes, or any number of them if that is negative, takes
// with so many workers, in bytes: the tables of each, those of what chunks start from, and the
// chunks on their way, raw and coded. With verify a decoder has as many tables once more, and half
// as many chunks more are on their way, decoded too. A model comes on top.
func (c *compressCommand) memory(size int64, workers int) int64 {
	method, level := methods[c.method], preset.Level(c.level())
	chunks := int64(workers) // that are coded at a time
	if method.ByTokens() {
		lanes := c.lanes
		if n := lanesOf(c.class); n > 0 {
			lanes = n
		} else if lanes == 0 {
			lanes = 8
		}
		chunks *= int64(lanes)
	}
	chunkSize := int64(c.chunkSize)
	if chunkSize == 0 {
		chunkSize = int64(usualChunk(method, level))
	}
	first, dictionary := chunkSize, int64(0)
	if len(c.dictionaries) > 0 {
		dictionary = int64(len(c.dictionaries[0]))
	}
	primes := method == codec.Mix
	switch {
	case dictionary > 0 || !primes:
	case !c.primed:
		first = max(chunkSize, int64(preset.PrimerSize(int(chunkSize))))
	default:
		first, primes = max(chunkSize, int64(c.primer)), c.primer > 0
	}
	text := 2*first + dictionary // that tables serve
	switch {
	case size < 0:
	case size <= first: // what is one chunk is no primer
		chunks, chunkSize = min(chunks, 1), size
		if dictionary == 0 {
			text, primes = size, false
		}
	default: // a chunk may end an eighth before it is full
		chunks = min(chunks, 1+size/(chunkSize-chunkSize/8))
	}
	view := int64(0) // in which a lead is looked for
	if primes && dictionary == 0 && !c.primed {
		view = int64(preset.LeadView(int(chunkSize)))
		if size >= 0 {
			view = min(view, size)
		}
	}
	var tables int64
	switch {
	case method == codec.Mix:
		tables = int64(mix.Memory(c.level(), int(text), primes))
		states := 2 * tables // one to keep, one to make it
		if level.Sorted > 0 && chunkSize >= int64(level.Sorted) {
			tables = max(tables, int64(bwt.Memory(int(chunkSize))))
		}
		if tables *= chunks; primes {
			tables += states
		}
	case method == codec.BWT:
		tables = chunks * int64(bwt.Memory(int(chunkSize)))
	case method == codec.Zstd:
		tables = int64(workers) * zstdMemory
	}
	need := tables + (2*chunks+1)*2*chunkSize
	if c.verify || c.remove {
		need = 2*tables + (3*chunks+1)*3*chunkSize
	}
	return view + max(need, int64(cover.Memory(int(view))))
}

// usualChunk is the size of chunks where none is given, in bytes.
func usualChunk(method codec.Method, level preset.Preset) int {
	switch {
	case method == codec.Mix:
		return level.ChunkSize
	case method == codec.BWT:
		return preset.BWTChunkSize
	case method.ByTokens():
		return preset.ModelChunkSize
	}
	return preset.PlainChunkSize
}

// inputSize is how many bytes of these files are compressed at a time, into one archive of all or
// one of each; it is negative if nobody knows.
func (c *compressCommand) inputSize(files []string, one bool) (size int64) {
	for _, name := range files {
		is := c.sizeOf(name)
		if name == "-" {
			if src, err := file.Open(name, true); err == nil {
				is = src.Size()
			}
		} else if info, err := os.Stat(name); !remote.IsURL(name) && (err != nil || info.IsDir()) {
			continue // it will fail, or be skipped
		}
		switch {
		case is < 0 || c.flushEvery > 0: // which makes many chunks of few bytes
			return -1
		case one:
			size += is + 8<<10 // its header, and what the list of members says of it
		default:
			size = max(size, is)
		}
	}
	return size
}

// fitMemory lowers the number of workers until they keep to --memlimit, and says so. one says that
// all files make one archive.
func (c *compressCommand) fitMemory(files []string, one bool) error {
	limit := int64(c.memLimit)
	if limit == 0 {
		return nil
	}
	c.most = c.inputSize(files, one)
	takes := func(workers int) int64 {
		need := c.memory(c.most, workers)
		if len(files) > 1 && !one { // those of one chunk side by side
			need = max(need, int64(min(workers, len(files)))*c.memory(min(c.most, c.oneChunk()), 1))
		}
		return need
	}
	if least := takes(1); least > limit {
		return ui.Usage(fmt.Sprintf("--memlimit %s: compressing takes %s at least", c.memLimit.String(), ui.FormatBytes(least)),
			"a lower preset, a smaller --chunk-size, or a --primer-size that is given, takes less")
	}
	asked := c.cores()
	workers := asked
	for takes(workers) > limit {
		workers--
	}
	if workers < asked {
		c.ui.Warning("", "compressing with -T%d instead of -T%d, to keep to --memlimit", workers, asked)
	}
	c.workers = workers
	c.limitMemory()
	return nil
}
