//go:build llama && cgo

package llama

// #include "bridge.h"
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/lmz-go/lmz/lm"
)

var _ lm.Session = (*session)(nil)

// sessionParams are those of a context that the exactness contract fixes and tests vary.
type sessionParams struct {
	lanes, window  int
	threads        int
	laneTokens     int // most tokens of one lane in one llama_decode
	batch          int // most tokens in one llama_decode
	flashAttention bool
	unified        bool // one KV buffer for all lanes
	everyRow       bool // Logits gives the rows of all tokens of one feed, not the last of each
	fixed          bool // a GPU: one shape of llama_decode, see fixed_shape.go
}

// exactParams are the only ones that NewSession uses.
func exactParams(lanes, window int) sessionParams {
	return sessionParams{lanes: lanes, window: window, threads: 1, laneTokens: maxLaneTokens,
		batch: max(lanes, min(lanes*maxLaneTokens, 512)), flashAttention: true}
}

// session is a llama_context with one sequence per lane. It belongs to one goroutine at a time.
type session struct {
	model  *modelMemory
	params sessionParams
	vocab  int
	held   []int   // tokens per lane
	rows   int     // of the latest Decode
	fed    []int   // lanes of its feeds, where all lanes have rows
	last   []int32 // tokens that lanes hold, likewise
	broken bool    // after an error
	c      *C.struct_lmz_session
	net    runtime.Cleanup

	// Views on the arrays of c.
	token, pos, lane   []int32
	want               []int8
	forget, forgetFrom []int32
	row                []*float32

	abort *abort
}

// abort is the flag that libllama polls while it decodes or loads; pinned, since C keeps its
// address.
type abort struct {
	flag   int32
	pinner runtime.Pinner
}

func newAbort() *abort {
	a := new(abort)
	a.pinner.Pin(&a.flag)
	return a
}

// NewSession makes a context for lanes x window tokens; on a GPU, as many as it takes, each of the
// lanes of the class.
func (m *Model) NewSession(lanes, window int) (lm.Session, error) {
	if m.fixed > 0 {
		return m.newLockstep(lanes, window)
	}
	s, err := m.newSession(exactParams(lanes, window))
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (m *Model) newSession(p sessionParams) (*session, error) {
	if limit := int(C.llama_max_parallel_sequences()); p.lanes < 1 || p.lanes > limit {
		return nil, fmt.Errorf("llama: %d lanes, want 1 to %d", p.lanes, limit)
	}
	// Cells are allotted in units of 256 per lane.
	if p.window < 1 || p.window > (1<<31-1)/p.lanes-256 {
		return nil, fmt.Errorf("llama: a window of %d tokens for each of %d lanes", p.window, p.lanes)
	}
	if !m.memory.use() {
		return nil, ErrClosed
	}
	s := &session{model: m.memory, params: p, vocab: len(m.pieces), held: make([]int, p.lanes), last: make([]int32, p.lanes), abort: newAbort()}
	outputs := p.lanes
	if p.everyRow {
		outputs = p.batch
	}
	takeReason()
	s.c = C.lmz_session_new(m.memory.c, &C.struct_lmz_params{
		lanes: C.int32_t(p.lanes), window: C.int32_t((p.window + 255) &^ 255), batch: C.int32_t(p.batch),
		outputs: C.int32_t(outputs), threads: C.int32_t(p.threads), flash_attention: C.bool(p.flashAttention),
		unified: C.bool(p.unified), offload: C.bool(p.fixed),
	}, (*C.int32_t)(&s.abort.flag))
	if s.c == nil {
		s.abort.pinner.Unpin()
		m.memory.release()
		return nil, fmt.Errorf("llama: cannot make a context of %d lanes of %d tokens%s", p.lanes, p.window, takeReason())
	}
	live.Add(1)
	s.token = unsafe.Slice((*int32)(unsafe.Pointer(s.c.token)), p.batch)
	s.pos = unsafe.Slice((*int32)(unsafe.Pointer(s.c.pos)), p.batch)
	s.lane = unsafe.Slice((*int32)(unsafe.Pointer(s.c.lane)), p.batch)
	s.want = unsafe.Slice((*int8)(unsafe.Pointer(s.c.want)), p.batch)
	s.row = unsafe.Slice((**float32)(unsafe.Pointer(s.c.row)), p.batch)
	s.forget = unsafe.Slice((*int32)(unsafe.Pointer(s.c.forget)), p.lanes)
	s.forgetFrom = unsafe.Slice((*int32)(unsafe.Pointer(s.c.forget_from)), p.lanes)
	s.net = runtime.AddCleanup(s, freeSession, sessionMemory{s.c, s.model, s.abort})
	return s, nil
}

// sessionMemory is what a session holds outside of Go's reach.
type sessionMemory struct {
	c     *C.struct_lmz_session
	model *modelMemory
	abort *abort
}

func freeSession(m sessionMemory) {
	C.lmz_session_free(m.c)
	live.Add(-1)
	m.abort.pinner.Unpin()
	m.model.release()
}

// Close frees the context. Views that Logits gave are invalid from then on.
func (s *session) Close() error {
	if s.c == nil {
		return ErrClosed
	}
	s.net.Stop()
	freeSession(sessionMemory{s.c, s.model, s.abort})
	s.c, s.rows = nil, 0
	return nil
}

// Logits is the row of feeds[i] of the latest Decode (llama_get_logits_ith), valid until the next
// Decode or Close.
func (s *session) Logits(i int) lm.Row {
	if i < 0 || i >= s.rows {
		panic(fmt.Sprintf("llama: logits of feed %d of %d", i, s.rows))
	}
	if s.params.fixed {
		i = s.fed[i]
	}
	return lm.Row{Float: unsafe.Slice(s.row[i], s.vocab)}
}

// ready says why the session cannot be used, if it cannot.
func (s *session) ready() error {
	if s.c == nil {
		return ErrClosed
	}
	if s.broken {
		return fmt.Errorf("llama: session is unusable after an error: %w", ErrClosed)
	}
	return nil
}

// watch raises the flag when ctx ends, until the result is called. The flag of an earlier context
// is lowered.
func (a *abort) watch(ctx context.Context) (unwatch func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	if ctx.Err() != nil {
		a.flag = 1
	}
	raised := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		atomic.StoreInt32(&a.flag, 1)
		close(raised)
	})
	return func() {
		if !stop() {
			<-raised
		}
		atomic.StoreInt32(&a.flag, 0)
	}
}
