//go:build linux && (amd64 || arm64)

package gpu

import (
	"context"
	"fmt"
	"math/bits"
	"unsafe"

	"github.com/ebitengine/purego"

	"github.com/lmz-go/lmz/lm"
)

var _ lm.Weigher = (*session)(nil)

const (
	maxLanes = 1 << 14

	// roundColumns is the tokens that go through the layers together, unless there are more lanes.
	roundColumns = 128

	bindings = 11 // common.glsl
	none     = 1<<32 - 1
)

// column is one token of a round (common.glsl).
type column struct{ lane, pos, token, row uint32 }

// session holds a cache of keys and values for each lane on the device.
type session struct {
	model  *Model
	window int
	held   []int // tokens of each lane
	feed   []int // of each lane, if it is the number of one that feeds it
	fed    int
	closed bool

	round    int // columns of a round at most
	columns  []column
	upload   []column // mapped
	download []int32  // mapped logits
	weighed  []uint64 // mapped sums of the weights of blocks
	weights  []uint32 // mapped weights of blocks that were asked for
	answers  [][]uint32
	pitch    int // of logits

	columnsUp, columnsDown                                buffer // columnsDown: on the device
	residual, inputs, units, sums, queries, steps, logits buffer
	logitsDown                                            buffer
	blocks, sumsDown, weightsDown                         buffer
	caches                                                []buffer

	pool    handle
	sets    []handle // of each layer
	command *commands
	rounds  map[int]handle // by columns
	lasts   map[lastKey]handle
	gathers map[int]handle // by blocks
	gives   given
}

// given is what Decode brings to the processor.
type given int

const (
	givesLogits given = iota
	givesSums
	givesNothing // for measurements
)

type lastKey struct {
	rows  int
	gives given
}

// NewSession makes an evaluation context of up to 16384 lanes of at most the model's context each.
// Errors wrap ErrTooLarge or ErrDevice if the device has no room for it, and ErrDiffers if it does
// not compute what the processor does.
func (g *Model) NewSession(lanes, window int) (lm.Session, error) {
	if lanes < 1 || lanes > maxLanes {
		return nil, fmt.Errorf("gpu: %d lanes, want 1 to %d", lanes, maxLanes)
	}
	if window < 1 || window > g.ContextLength() {
		return nil, fmt.Errorf("gpu: a window of %d tokens, want 1 to %d", window, g.ContextLength())
	}
	if err := g.proveOnce(window); err != nil {
		return nil, err
	}
	s, err := g.newSession(lanes, window)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (g *Model) newSession(lanes, window int) (*session, error) {
	s := &session{
		model: g, window: window, held: make([]int, lanes), feed: make([]int, lanes), round: max(roundColumns, bucket(lanes)),
		rounds: map[int]handle{}, lasts: map[lastKey]handle{}, gathers: map[int]handle{},
	}
	if err := s.make(bucket(lanes)); err != nil {
		s.Close()
		return nil, fmt.Errorf("session of %d lanes: %w", lanes, err)
	}
	return s, nil
}

// bucket is the columns that are computed for n: command buffers are recorded for few numbers.
func bucket(n int) int { return max(8, 1<<bits.Len(uint(n-1))) }

// make makes buffers and descriptors for this many rows of logits.
func (s *session) make(rows int) (err error) {
	g, d := s.model, s.model.device
	x := &g.shape
	words := func(to *buffer, n int, flags ...uint32) {
		if err == nil {
			*to, err = d.makeBuffer(n, flags...)
		}
	}
	s.pitch = int(g.last.matmul.rows)
	most := 0
	for _, l := range g.layers {
		most = max(most, int(max(l.qkv.matmul.rows, l.output.matmul.rows, l.gateUp.matmul.rows, l.down.matmul.rows)))
	}
	const visible = memoryHostVisible | memoryHostCoherent
	words(&s.columnsUp, 4*s.round, visible)
	words(&s.columnsDown, 4*s.round, memoryDeviceLocal)
	words(&s.residual, s.round*x.Width, memoryDeviceLocal)
	words(&s.inputs, s.lastInput()+rows*x.Width/4, memoryDeviceLocal)
	words(&s.units, 2*(s.round+rows), memoryDeviceLocal)
	words(&s.sums, s.round*most, memoryDeviceLocal)
	words(&s.queries, s.round*x.Width/4, memoryDeviceLocal)
	words(&s.steps, 2*s.round*x.Heads, memoryDeviceLocal)
	words(&s.logits, rows*s.pitch, memoryDeviceLocal)
	words(&s.logitsDown, rows*s.pitch, visible|memoryHostCached, visible)
	count := s.blockCount()
	words(&s.blocks, rows*max(2*count, lm.WeightBlock), memoryDeviceLocal)
	words(&s.sumsDown, rows*2*count, visible|memoryHostCached, visible)
	words(&s.weightsDown, rows*lm.WeightBlock, visible|memoryHostCached, visible)
	s.caches = make([]buffer, len(g.layers))
	for i := range s.caches {
		words(&s.caches[i], len(s.held)*x.KVHeads*s.window*(x.Width/x.Heads/2+2), memoryDeviceLocal)
	}
	if err != nil {
		return err
	}
	s.upload = unsafe.Slice((*column)(s.columnsUp.mapped), s.round)
	s.download = unsafe.Slice((*int32)(s.logitsDown.mapped), rows*s.pitch)
	s.weighed = unsafe.Slice((*uint64)(s.sumsDown.mapped), rows*count)
	s.weights = unsafe.Slice((*uint32)(s.weightsDown.mapped), rows*lm.WeightBlock)
	if s.command, err = d.newCommands(); err != nil {
		return err
	}
	return s.describe()
}

// lastInput is where the inputs of the logits begin.
func (s *session) lastInput() int { return s.round * max(s.model.shape.Width, s.model.shape.Inner) / 4 }

// describe makes a descriptor set for each layer.
func (s *session) describe() error {
	d := s.model.device
	n := uint32(len(s.caches))
	if err := d.create("CreateDescriptorPool", d.call.CreateDescriptorPool, unsafe.Pointer(&descriptorPoolCreateInfo{
		sType: stDescriptorPoolCreateInfo, sets: n, sizes: 1, size: &descriptorPoolSize{descriptorStorage, n * bindings},
	}), &s.pool); err != nil {
		return err
	}
	for _, cache := range s.caches {
		var set handle
		r, _, _ := purego.SyscallN(d.call.AllocateDescriptorSets, d.device, uintptr(unsafe.Pointer(&descriptorSetAllocateInfo{
			sType: stDescriptorSetAllocate, pool: s.pool, count: 1, layout: &d.setLayout,
		})), uintptr(unsafe.Pointer(&set)))
		if err := result("AllocateDescriptorSets", r); err != nil {
			return err
		}
		var writes [bindings]writeDescriptorSet
		for i, b := range [bindings]buffer{
			s.model.weights, s.columnsDown, s.residual, s.inputs, s.units, s.sums, s.queries, s.steps, cache, s.logits, s.blocks,
		} {
			writes[i] = writeDescriptorSet{
				sType: stWriteDescriptorSet, set: set, binding: uint32(i), count: 1, kind: descriptorStorage,
				buffer: &descriptorBufferInfo{b.buffer, 0, b.size},
			}
		}
		purego.SyscallN(d.call.UpdateDescriptorSets, d.device, bindings, uintptr(unsafe.Pointer(&writes[0])), 0, 0)
		s.sets = append(s.sets, set)
	}
	return nil
}

// matmul gives what records products of this many columns.
func (s *session) matmul(columns int) (func(*recorder, *product), error) {
	tile := tileFor(columns)
	pipeline, err := s.model.pipeline(pipelineKey{"matmul", s.window, tile})
	if err != nil {
		return nil, err
	}
	return func(r *recorder, p *product) {
		r.dispatch(pipeline, p.matmul, int(p.matmul.rows)/rowsMultiple, (columns+tile.width()-1)/tile.width())
	}, nil
}

// roundOf is the command buffer that brings columns through all layers.
func (s *session) roundOf(columns int) (handle, error) {
	if c, ok := s.rounds[columns]; ok {
		return c, nil
	}
	g := s.model
	pipelines := map[string]handle{}
	for _, shader := range []string{"norm", "store", "attend", "gate"} {
		p, err := g.pipeline(pipelineKey{shader, s.window, tile{}})
		if err != nil {
			return 0, err
		}
		pipelines[shader] = p
	}
	matmul, err := s.matmul(columns)
	if err != nil {
		return 0, err
	}
	c, err := s.command.record(func(r *recorder) {
		r.copy(s.columnsUp, s.columnsDown, uint64(columns)*uint64(unsafe.Sizeof(column{})))
		each := func(shader string, p push) { r.dispatch(pipelines[shader], p, columns, 1) }
		for i := range g.layers {
			l := &g.layers[i]
			r.bind(s.sets[i])
			if i == 0 {
				each("norm", g.begin)
			}
			matmul(r, &l.qkv)
			each("store", l.qkv.after)
			each("attend", push{})
			matmul(r, &l.output)
			each("norm", l.output.after)
			matmul(r, &l.gateUp)
			each("gate", l.gateUp.after)
			matmul(r, &l.down)
			after := l.down.after
			if after.mode == modeLast {
				after.from, after.fromUnit = uint32(s.lastInput()), uint32(s.round)
			}
			each("norm", after)
		}
	})
	if err == nil {
		s.rounds[columns] = c
	}
	return c, err
}

// lastOf is the command buffer that makes rows of logits.
func (s *session) lastOf(rows int) (handle, error) {
	key := lastKey{rows, s.gives}
	if c, ok := s.lasts[key]; ok {
		return c, nil
	}
	matmul, err := s.matmul(rows)
	if err != nil {
		return 0, err
	}
	var weigh handle
	if s.gives == givesSums {
		if weigh, err = s.model.pipeline(pipelineKey{"weigh", s.window, tile{}}); err != nil {
			return 0, err
		}
	}
	c, err := s.command.record(func(r *recorder) {
		r.bind(s.sets[0])
		p := s.model.last
		p.matmul.from, p.matmul.fromUnit = uint32(s.lastInput()), uint32(s.round)
		matmul(r, &p)
		switch s.gives {
		case givesLogits:
			r.copy(s.logits, s.logitsDown, uint64(4*rows*s.pitch))
		case givesSums:
			r.dispatch(weigh, s.weighing(), rows, 1)
			r.copy(s.blocks, s.sumsDown, uint64(8*rows*s.blockCount()))
		}
	})
	if err == nil {
		s.lasts[key] = c
	}
	return c, err
}

// Decode evaluates the feeds, in rounds. After an error of ctx the session can go on with lanes
// that are started afresh; an error that wraps ErrDevice is for ever.
func (s *session) Decode(ctx context.Context, feeds []lm.Feed) error {
	s.fed = 0
	if err := s.check(feeds); err != nil || len(feeds) == 0 {
		return err
	}
	columns := s.columns[:0]
	for i, f := range feeds {
		s.held[f.Lane] = f.Pos
		for j, t := range f.Tokens {
			row := uint32(none)
			if j == len(f.Tokens)-1 {
				row = uint32(i)
			}
			columns = append(columns, column{uint32(f.Lane), uint32(f.Pos + j), uint32(t), row})
		}
	}
	s.columns = columns
	last, err := s.lastOf(bucket(len(feeds)))
	for err == nil && len(columns) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(len(columns), s.round)
		filled := bucket(n)
		for i := copy(s.upload, columns[:n]); i < filled; i++ {
			s.upload[i] = column{lane: none}
		}
		columns = columns[n:]
		var round handle
		if round, err = s.roundOf(filled); err != nil {
			break
		}
		list := []handle{round, last}
		if len(columns) > 0 {
			list = list[:1]
		}
		err = s.command.run(list...)
	}
	if err != nil {
		return err
	}
	for _, f := range feeds {
		s.held[f.Lane] = f.Pos + len(f.Tokens)
	}
	s.fed = len(feeds)
	return nil
}

// check refuses feeds that are out of range, or of one lane twice.
func (s *session) check(feeds []lm.Feed) error {
	if s.closed {
		return ErrClosed
	}
	if len(feeds) > len(s.held) {
		return fmt.Errorf("gpu: %d feeds for %d lanes", len(feeds), len(s.held))
	}
	for i, f := range feeds {
		if f.Lane < 0 || f.Lane >= len(s.held) {
			return fmt.Errorf("gpu: feed of lane %d of %d", f.Lane, len(s.held))
		}
		if j := s.feed[f.Lane]; j < i && feeds[j].Lane == f.Lane {
			return fmt.Errorf("gpu: lane %d is fed twice", f.Lane)
		}
		s.feed[f.Lane] = i
		held := s.held[f.Lane]
		if len(f.Tokens) == 0 || f.Pos < 0 || f.Pos > held || f.Pos+len(f.Tokens) > s.window {
			return fmt.Errorf("gpu: %d tokens at position %d of a window of %d that holds %d", len(f.Tokens), f.Pos, s.window, held)
		}
		for _, t := range f.Tokens {
			if t < 0 || int(t) >= len(s.model.Pieces()) {
				return fmt.Errorf("gpu: token %d of %d", t, len(s.model.Pieces()))
			}
		}
	}
	return nil
}

// Logits is the row of feeds[i] of the latest Decode, valid until the next Decode or Close.
func (s *session) Logits(i int) lm.Row {
	if i >= s.fed {
		panic("gpu: logits of a feed that there was not")
	}
	if s.gives == givesSums {
		n := s.blockCount()
		return lm.Row{Sums: s.weighed[i*n:][:n]}
	}
	return lm.Row{Fixed: s.download[i*s.pitch:][:len(s.model.Pieces())]}
}

// Close frees what is on the device.
func (s *session) Close() error {
	if s.closed {
		return ErrClosed
	}
	d := s.model.device
	if s.command != nil {
		s.command.close()
	}
	d.destroy(d.call.DestroyDescriptorPool, s.pool)
	for _, b := range append(s.caches, s.columnsUp, s.columnsDown, s.residual, s.inputs, s.units, s.sums, s.queries, s.steps,
		s.logits, s.logitsDown, s.blocks, s.sumsDown, s.weightsDown) {
		d.free(b)
	}
	*s = session{closed: true}
	return nil
}
