//go:build linux && (amd64 || arm64)

package gpu

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/internal/coder"
	"github.com/lmz-go/lmz/lm"
)

var _ lm.Renumbered = (*Model)(nil)

// Model is a model of package exact whose sessions compute on a device. Its methods may be called
// concurrently.
type Model struct {
	*exact.Model
	device  *device
	shape   exact.Weights // without the numbers
	layers  []layer
	last    product // the logits
	begin   push    // of the first norm
	exp2    uint32  // in weights: the table of a coder
	weights buffer

	mu        sync.Mutex
	pipelines map[pipelineKey]handle
	proven    map[int]bool // windows, for whose sessions shaders are compiled

	proving sync.Mutex // one at a time
}

// layer is the parameters of a layer's dispatches.
type layer struct{ qkv, output, gateUp, down product }

// product is the parameters of a matrix and of what is done with its sums.
type product struct{ matmul, after push }

// push is what a shader is told, as common.glsl says.
type push struct {
	matrix, factors, unitM      uint32
	unitE                       int32
	rows, depth, normed         uint32
	normE                       int32
	table, from, fromUnit, mode uint32
	epsilonLow, epsilonHigh     uint32
}

const (
	modeBegin  = 1 // of norm
	modeLast   = 2
	modeLogits = 1 // of matmul

	rowsMultiple  = 64 // rows of a matrix are padded to
	depthMultiple = 8  // words
)

// Devices names the Vulkan devices that there are, GPUs before processors. The error wraps
// ErrNoDevice where there is no Vulkan.
func Devices() ([]string, error) {
	v, err := instance()
	if err != nil {
		return nil, err
	}
	list, err := v.physicals()
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range list {
		names = append(names, list[i].name())
	}
	return names, nil
}

// Open gives the model on the device of this number in Devices, after that has computed some logits
// as the processor does; ErrDiffers is wrapped if it has not. So does NewSession, once for each
// length of windows. Closing it leaves m as it is.
func Open(ctx context.Context, m *exact.Model, number int) (*Model, error) {
	return open(ctx, m, number, true)
}

// open is Open; with dot the device may take its instruction for products of int8.
func open(ctx context.Context, m *exact.Model, number int, dot bool) (*Model, error) {
	d, err := openDevice(number)
	if err != nil {
		return nil, err
	}
	d.dot = d.dot && dot
	g, window := newModel(m, d), min(proofTokens, m.ContextLength())
	if err = g.load(m.Weights()); err == nil {
		err = g.prove(ctx, window)
	}
	if err != nil {
		g.Close()
		return nil, err
	}
	g.proven[window] = true
	return g, nil
}

func newModel(m *exact.Model, d *device) *Model {
	return &Model{Model: m, device: d, pipelines: map[pipelineKey]handle{}, proven: map[int]bool{}}
}

// Device is the name of the device.
func (g *Model) Device() string { return g.device.name }

// Close frees what is on the device. All sessions must have been closed.
func (g *Model) Close() error {
	if g.device == nil {
		return nil
	}
	for _, p := range g.pipelines {
		g.device.destroy(g.device.call.DestroyPipeline, p)
	}
	g.device.free(g.weights)
	g.device.close()
	g.device = nil
	return nil
}

// words collects what shaders read.
type words []uint32

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// align makes what comes next begin at a multiple of the words that matmul reads at once.
func (w *words) align() { *w = append(*w, make([]uint32, -len(*w)&3)...) }

// matrix packs a matrix: of each four columns, a word of each row.
func (w *words) matrix(m *exact.Matrix) push {
	w.align()
	rows, depth := roundUp(m.Rows, rowsMultiple), m.Columns/4
	p := push{matrix: uint32(len(*w)), unitM: m.Mantissa, unitE: int32(m.Exponent), rows: uint32(rows), depth: uint32(depth)}
	list := make([]uint32, roundUp(depth, depthMultiple)*rows)
	for r := range m.Rows {
		for c, v := range m.Values[r*m.Columns:][:m.Columns] {
			list[c/4*rows+r] |= uint32(uint8(v)) << (c % 4 * 8)
		}
	}
	*w = append(*w, list...)
	p.factors = uint32(len(*w))
	for _, f := range m.Factors {
		*w = append(*w, uint32(f))
	}
	*w = append(*w, make([]uint32, rows-m.Rows)...)
	return p
}

// halves packs numbers of 16 bits by twos.
func halves[T int16 | uint16](w *words, list []T) uint32 {
	at := len(*w)
	*w = append(*w, make([]uint32, (len(list)+1)/2)...)
	for i, v := range list {
		(*w)[at+i/2] |= uint32(uint16(v)) << (i % 2 * 16)
	}
	return uint32(at)
}

// load brings the weights to the device.
func (g *Model) load(x *exact.Weights) error {
	var w words
	sigmoid, turns := halves(&w, x.Sigmoid), halves(&w, x.Turns)
	norm := func(n *exact.Norm) push {
		return push{
			normed: halves(&w, n.Weight), normE: int32(n.Exponent),
			epsilonLow: uint32(x.Epsilon), epsilonHigh: uint32(x.Epsilon >> 32),
		}
	}
	// after are the parameters of what follows a product: p's matrix and n's norm.
	after := func(p, n push) push {
		n.factors, n.unitM, n.unitE, n.rows = p.factors, p.unitM, p.unitE, p.rows
		return n
	}
	norms := make([]push, 0, 2*len(x.Blocks)+1)
	for i := range x.Blocks {
		norms = append(norms, norm(&x.Blocks[i].AttentionNorm), norm(&x.Blocks[i].InnerNorm))
	}
	norms = append(norms, norm(&x.OutputNorm))
	for i := range x.Blocks {
		b := &x.Blocks[i]
		qkv, output, gateUp, down := w.matrix(&b.QKV), w.matrix(&b.Output), w.matrix(&b.GateUp), w.matrix(&b.Down)
		g.layers = append(g.layers, layer{
			product{qkv, after(qkv, push{table: turns})},
			product{output, after(output, norms[2*i+1])},
			product{gateUp, after(gateUp, push{table: sigmoid})},
			product{down, after(down, norms[2*i+2])},
		})
	}
	g.layers[len(g.layers)-1].down.after.mode = modeLast
	g.last.matmul = w.matrix(&x.Logits)
	g.last.matmul.mode = modeLogits
	g.begin = norms[0]
	g.begin.mode, g.begin.table = modeBegin, uint32(len(w))
	for _, v := range x.Embedding {
		w = append(w, uint32(v))
	}
	g.exp2 = uint32(len(w))
	w = append(w, coder.Exp2Table()...)
	w.align()
	g.shape = *x
	g.shape.Embedding, g.shape.Blocks, g.shape.Turns, g.shape.Sigmoid = nil, nil, nil, nil
	g.shape.OutputNorm, g.shape.Logits = exact.Norm{}, exact.Matrix{}
	return g.upload(w)
}

// upload makes the buffer of the weights.
func (g *Model) upload(w words) (err error) {
	d := g.device
	if g.weights, err = d.makeBuffer(len(w), memoryDeviceLocal); err != nil {
		return err
	}
	staging, err := d.makeBuffer(len(w), memoryHostVisible|memoryHostCoherent)
	if err != nil {
		return err
	}
	defer d.free(staging)
	copy(unsafe.Slice((*uint32)(staging.mapped), len(w)), w)
	c, err := d.newCommands()
	if err != nil {
		return err
	}
	defer c.close()
	list, err := c.record(func(r *recorder) { r.copy(staging, g.weights, staging.size) })
	if err != nil {
		return err
	}
	return c.run(list)
}

// proveOnce is prove, once for each window.
func (g *Model) proveOnce(window int) error {
	proven := func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.proven[window]
	}
	if proven() {
		return nil
	}
	g.proving.Lock()
	defer g.proving.Unlock()
	if proven() {
		return nil
	}
	if err := g.prove(context.Background(), window); err != nil {
		return fmt.Errorf("proof of windows of %d tokens: %w", window, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.proven[window] = true
	return nil
}

// prove compares logits of sessions of the device with those of the processor, in all ways of making
// products: of many lanes, where the device has room for them, then of two, of which one is fed by
// tokens and the other sometimes, all at once, and at last one that fills the window.
func (g *Model) prove(ctx context.Context, window int) error {
	if err := g.checkShared(window); err != nil {
		return err
	}
	tokens := make([]int32, window)
	for i := range tokens {
		tokens[i] = int32((i*i*31 + i*7 + 5) % len(g.Pieces()))
	}
	lanes := manyColumns
	got, err := g.newSession(lanes, window)
	if err != nil {
		lanes = 2
		got, err = g.newSession(lanes, window)
	}
	if err != nil {
		return err
	}
	defer got.Close()
	want, err := g.Model.NewSession(lanes, window)
	if err != nil {
		return err
	}
	defer want.Close()
	rounds := [][]lm.Feed{nil}
	for lane := range lanes {
		rounds[0] = append(rounds[0], lm.Feed{Lane: lane, Tokens: []int32{int32(lane * 37 % len(g.Pieces()))}})
	}
	for i := 1; i < min(proofTokens, window); i++ {
		round := []lm.Feed{{Lane: 1, Pos: i, Tokens: tokens[i : i+1]}}
		if i%8 == 0 {
			round = append(round, lm.Feed{Tokens: tokens[:i+1]})
		}
		rounds = append(rounds, round)
	}
	if last := window - 1; last > 0 {
		rounds = append(rounds, []lm.Feed{{Tokens: tokens[:last]}}, []lm.Feed{{Pos: last, Tokens: tokens[last:]}})
	}
	for i, feeds := range rounds {
		for _, s := range []lm.Session{want, got} {
			if err := s.Decode(ctx, feeds); err != nil {
				return err
			}
		}
		for j := range feeds {
			if !slices.Equal(got.Logits(j).Fixed, want.Logits(j).Fixed) {
				return fmt.Errorf("%w: %s, round %d, lane %d of a window of %d tokens", ErrDiffers, g.Device(), i, feeds[j].Lane, window)
			}
		}
		if i == 0 {
			if err := g.proveWeights(ctx, want, got, feeds); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkShared says whether the device has the memory that attend shares, of all shaders the most.
func (g *Model) checkShared(window int) error {
	x := &g.shape
	words := 4*max(window, 512) + 2*window + x.Width + x.Width/x.Heads + 4*32 + 32
	if 4*words > g.device.shared {
		return fmt.Errorf("%w: %d bytes shared by a workgroup, of which %s has %d", ErrTooLarge, 4*words, g.device.name, g.device.shared)
	}
	return nil
}

// proveWeights compares what got makes of the logits that want has with what a coder makes of them.
func (g *Model) proveWeights(ctx context.Context, want lm.Session, got lm.Weigher, feeds []lm.Feed) error {
	got.Weigh(true)
	defer got.Weigh(false)
	if err := got.Decode(ctx, feeds); err != nil {
		return err
	}
	var of []lm.BlockOf
	for i := range feeds {
		of = append(of, lm.BlockOf{Row: i, Block: i % len(got.Logits(i).Sums)})
	}
	weights, err := got.Weights(ctx, of)
	if err != nil {
		return err
	}
	var cdf coder.CDF
	for i, b := range of {
		cdf.SetFixed(want.Logits(i).Fixed)
		for j, sum := range got.Logits(i).Sums {
			before, _ := cdf.Symbol(j * lm.WeightBlock)
			last := min((j+1)*lm.WeightBlock, len(g.Pieces())) - 1
			behind, freq := cdf.Symbol(last)
			if sum != behind+freq-before {
				return fmt.Errorf("%w: %s, sum of block %d of lane %d", ErrDiffers, g.Device(), j, feeds[i].Lane)
			}
		}
		for j, w := range weights[i][:min(lm.WeightBlock, len(g.Pieces())-b.Block*lm.WeightBlock)] {
			if _, freq := cdf.Symbol(b.Block*lm.WeightBlock + j); uint64(w) != freq {
				return fmt.Errorf("%w: %s, weight %d of block %d of lane %d", ErrDiffers, g.Device(), j, b.Block, feeds[i].Lane)
			}
		}
	}
	return nil
}

// proofTokens are as many as a lane is fed one by one.
const proofTokens = 25
