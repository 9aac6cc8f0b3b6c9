package engine

import (
	"github.com/lmz-go/lmz/internal/format"
	"github.com/lmz-go/lmz/internal/preset"
)

// primerTables is how many states that chunks start from there may be at a time: one that is kept, while another is made.
const primerTables = 2

// needs is what decoding chunks of a frame takes, beyond the chunks themselves.
type needs struct {
	level  int
	chunk  int64 // the most bytes of a chunk
	states bool  // chunks start from a primer
}

func needsOf(h *format.Header) needs {
	return needs{h.Level, int64(h.ChunkSize), h.Primer != format.PrimerNone}
}

// within says whether n needs no more than m, which has the same level.
func (n needs) within(m needs) bool {
	return n.level == m.level && n.chunk <= m.chunk && (!n.states || m.states)
}

// plan is how many workers can decode chunks within the memory limit, one at least, what their tables take, and what the
// states that chunks start from take. Where there is more than one worker, any chunk still fits in beside them.
// Without a limit that was asked for, tables do not count.
func (o *Options) plan(n needs) (workers int, tables, states int64) {
	one := preset.Level(n.level).Memory
	if !o.Limited || one == 0 {
		return o.Workers, 0, 0
	}
	if n.states {
		states = primerTables * one
	}
	workers = min(o.Workers, 1+int(max(0, o.Limit-one-3*n.chunk-states)/one))
	return workers, int64(workers) * one, states
}
