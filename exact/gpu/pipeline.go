//go:build linux && (amd64 || arm64)

package gpu

import (
	"embed"
	"fmt"
)

//go:embed shaders/norm.spv shaders/store.spv shaders/attend.spv shaders/attend_dot.spv shaders/gate.spv shaders/weigh.spv
//go:embed shaders/matmul.spv shaders/matmul_dot.spv shaders/gather.spv
var shaders embed.FS

// pipelineKey names a compiled shader.
type pipelineKey struct {
	shader string
	window int
	tile   tile
}

// tile is the part of a product that a workgroup computes: rowsMultiple rows, 4 * threads * columns
// columns.
type tile struct{ threads, columns int }

func (t tile) width() int { return 4 * t.threads * t.columns }

// tileFor is the tile for a number of columns: it bears on speed only.
func tileFor(columns int) tile {
	if columns < manyColumns {
		return tile{2, 1}
	}
	return tile{8, 2}
}

// manyColumns is the columns from which on products are made in large tiles.
const manyColumns = 128

// pipeline is a shader for sessions of a window.
func (g *Model) pipeline(key pipelineKey) (handle, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p, ok := g.pipelines[key]; ok {
		return p, nil
	}
	name := key.shader
	if g.device.dot && (name == "matmul" || name == "attend") {
		name += "_dot"
	}
	code, err := shaders.ReadFile("shaders/" + name + ".spv")
	if err != nil {
		return 0, err
	}
	s := g.shape
	constants := make([]uint32, 0, 9)
	for _, v := range []int{
		s.Width, s.Heads, s.KVHeads, s.Width / s.Heads, s.Inner, key.window, key.tile.threads, key.tile.columns,
		min(s.Heads/s.KVHeads, 4),
	} {
		constants = append(constants, uint32(v))
	}
	p, err := g.device.pipeline(code, constants)
	if err != nil {
		return 0, fmt.Errorf("shader %s: %w", name, err)
	}
	g.pipelines[key] = p
	return p, nil
}
