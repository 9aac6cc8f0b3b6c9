package stream

import (
	"golang.org/x/sync/semaphore"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/internal/format"
)

// levelMiB is about what the tables of codec.Mix take at levels 1 … 9, in MiB.
var levelMiB = [...]int64{1: 8, 13, 24, 43, 63, 103, 167, 312, 600}

// LevelMemory is about what the tables of codec.Mix take at a level, 1 … 9, in bytes: for each worker, and once more for the state
// that chunks start from.
func LevelMemory(level int) int64 {
	if level < 1 || level >= len(levelMiB) {
		return 0
	}
	return levelMiB[level] << 20
}

// primerTables is how many times the tables are needed for what chunks start from: once to keep it, once to make it.
const primerTables = 2

// needsMore says whether a frame may need more memory than another one of the same level.
func needsMore(h, than *Header) bool {
	return h.ChunkSize > than.ChunkSize || h.Primer != format.PrimerNone && than.Primer == format.PrimerNone
}

// fit is how many workers can decode chunks of a frame within the memory limit, one at least, and what their tables take.
// Where there is more than one of them, any chunk of the frame still fits in beside them. Without WithMemoryLimit,
// tables do not count.
func (o *readerOptions) fit(h *Header) (workers int, tables int64) {
	one := LevelMemory(h.Level)
	if !o.limited || one == 0 {
		return o.workers, 0
	}
	spare := o.limit - one - 3*int64(h.ChunkSize)
	if h.Primer != format.PrimerNone {
		spare -= primerTables * one
	}
	workers = min(o.workers, 1+int(max(0, spare/one)))
	return workers, int64(workers) * one
}

// fit finds out how many workers may decode at a time. With a limit that was asked for, one state that chunks start from is
// kept, while another one is made.
func (a *Archive) fit() {
	workers, room := a.opts.workers, a.opts.limit
	if a.opts.limited {
		var one, states, chunk int64
		for _, f := range a.frames {
			if f.header == nil {
				continue
			}
			level := LevelMemory(f.header.Level)
			one, chunk = max(one, level), max(chunk, int64(f.header.ChunkSize))
			if f.primes() || f.header.Primer == format.PrimerDictionary {
				states = max(states, (1+primerTables)*level)
			}
		}
		if one > 0 {
			workers = min(workers, 1+int(max(0, room-one-states-3*chunk)/one))
			room = max(0, room-int64(workers)*one-states)
			a.primers = newCache[int64, *codec.Primed](1)
		}
	}
	a.room, a.memory, a.decoders = room, semaphore.NewWeighted(room), newDecoders(workers)
}
