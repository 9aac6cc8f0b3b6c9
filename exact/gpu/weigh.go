//go:build linux && (amd64 || arm64)

package gpu

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/lmz-go/lmz/lm"
)

// blockCount is the blocks of a row.
func (s *session) blockCount() int {
	return (len(s.model.Pieces()) + lm.WeightBlock - 1) / lm.WeightBlock
}

// weighing is what the shaders weigh and gather are told.
func (s *session) weighing() push {
	return push{table: s.model.exp2, rows: uint32(s.pitch), depth: uint32(len(s.model.Pieces())), fromUnit: uint32(s.round)}
}

// Weigh says whether rows of the Decodes that follow have Sums in place of logits.
func (s *session) Weigh(on bool) {
	s.fed = 0
	if s.gives = givesLogits; on {
		s.gives = givesSums
	}
}

// Weights gives the weights of blocks of the latest Decode's rows, whose number is at most that of
// the lanes. They are valid until the next Weights, Decode or Close.
func (s *session) Weights(ctx context.Context, of []lm.BlockOf) ([][]uint32, error) {
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.gives != givesSums:
		return nil, fmt.Errorf("gpu: weights of rows of logits")
	case len(of) > len(s.held):
		return nil, fmt.Errorf("gpu: %d blocks of weights for %d lanes", len(of), len(s.held))
	case len(of) == 0 || ctx.Err() != nil:
		return nil, ctx.Err()
	}
	n := bucket(len(of))
	for i := range s.upload[:n] {
		if i >= len(of) {
			s.upload[i] = column{lane: none}
			continue
		}
		b := of[i]
		if b.Row < 0 || b.Row >= s.fed || b.Block < 0 || b.Block >= s.blockCount() {
			return nil, fmt.Errorf("gpu: weights of block %d of row %d of %d", b.Block, b.Row, s.fed)
		}
		s.upload[i] = column{lane: uint32(b.Row), pos: uint32(b.Block)}
	}
	c, err := s.gatherOf(n)
	if err == nil {
		err = s.command.run(c)
	}
	if err != nil {
		return nil, err
	}
	s.answers = s.answers[:0]
	for i := range of {
		s.answers = append(s.answers, s.weights[i*lm.WeightBlock:][:lm.WeightBlock])
	}
	return s.answers, nil
}

// gatherOf is the command buffer that brings this many blocks.
func (s *session) gatherOf(n int) (handle, error) {
	if c, ok := s.gathers[n]; ok {
		return c, nil
	}
	gather, err := s.model.pipeline(pipelineKey{"gather", s.window, tile{}})
	if err != nil {
		return 0, err
	}
	c, err := s.command.record(func(r *recorder) {
		r.bind(s.sets[0])
		r.copy(s.columnsUp, s.columnsDown, uint64(n)*uint64(unsafe.Sizeof(column{})))
		r.dispatch(gather, s.weighing(), n, 1)
		r.copy(s.blocks, s.weightsDown, uint64(4*n*lm.WeightBlock))
	})
	if err == nil {
		s.gathers[n] = c
	}
	return c, err
}
