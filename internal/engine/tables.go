package engine

import (
	"math"

	"github.com/lmz-go/lmz/internal/bwt"
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/mix"
)

// primerTables is how many states that chunks start from there may be at a time: one that is kept,
// while another is made.
const primerTables = 2

// Needs is what chunks of a frame may take at most, beyond themselves.
type Needs struct {
	Mixes  bool // the header names a level, which allows tables
	Level  int
	Chunk  int64 // bytes of the largest chunk
	Primes bool  // chunks start from the first one, or from a dictionary
}

// NeedsOf is what can be known from a frame's header.
func NeedsOf(h *format.Header) Needs {
	return Needs{h.Mixes, h.Level, int64(h.ChunkSize), h.Primer != format.PrimerNone}
}

// tables is what a worker's tables take, in bytes, with the text that chunks start from: those of
// one method, mix or bwt, at a time.
func (n Needs) tables() int64 {
	if !n.Mixes {
		return 0
	}
	return max(n.mixed(), int64(bwt.Memory(int(n.Chunk))))
}

// mixed is what those of mix take.
func (n Needs) mixed() int64 {
	if n.Primes {
		return int64(mix.Memory(n.Level, int(min(2*n.Chunk, math.MaxInt32)), true)) + n.Chunk
	}
	return int64(mix.Memory(n.Level, int(n.Chunk), false))
}

// states is what the states that chunks start from take.
func (n Needs) states() int64 {
	if !n.Primes {
		return 0
	}
	return primerTables * n.mixed()
}

// within says whether a pool that was made for m serves n.
func (n Needs) within(m Needs) bool {
	return n.Mixes == m.Mixes && n.Level == m.Level && n.Chunk <= m.Chunk && (!n.Primes || m.Primes)
}

// most is what tables, states and a chunk of any of these needs take at most.
func most(all []Needs) (tables, states, chunk int64) {
	for _, n := range all {
		tables, states, chunk = max(tables, n.tables()), max(states, n.states()), max(chunk, n.Chunk)
	}
	return tables, states, chunk
}

// workersFor is how many workers can decode chunks of all these needs within the memory limit, one
// at least. Where there is more than one, any chunk still fits in beside their tables. Without a
// limit that was asked for, tables do not count.
func (o *Options) workersFor(all ...Needs) int {
	tables, states, chunk := most(all)
	if !o.Limited || tables == 0 {
		return o.Workers
	}
	return min(o.Workers, 1+int(max(0, o.Limit-tables-3*chunk-states)/tables))
}
