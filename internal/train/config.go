package train

import (
	"fmt"
	"math"
)

// Config is the shape of a model of arch llama: RMSNorm, rotary positions, SwiGLU, no biases.
type Config struct {
	Vocab   int     `json:"vocab"`
	Width   int     `json:"width"`
	Layers  int     `json:"layers"`
	Heads   int     `json:"heads"`
	KVHeads int     `json:"kv_heads"`
	FFN     int     `json:"ffn"`
	Context int     `json:"context"` // tokens, the longest window that it is made for
	Tied    bool    `json:"tied"`    // the output matrix is the embedding
	Epsilon float64 `json:"epsilon"` // of RMSNorm; 0 is 1e-5
	Rope    float64 `json:"rope"`    // base of the rotary frequencies; 0 is 10000
}

// block is what the sizes of matrices are multiples of: a tile, and a block of Q8_0.
const block = 32

// Head is the width of a head.
func (c Config) Head() int { return c.Width / max(1, c.Heads) }

// Parameters is the number of parameters.
func (c Config) Parameters() int {
	_, total := c.tensors()
	return total
}

// defaults fills in what is left out and checks the rest.
func (c Config) defaults() (Config, error) {
	if c.Epsilon == 0 {
		c.Epsilon = 1e-5
	}
	if c.Rope == 0 {
		c.Rope = 10000
	}
	const most = 1 << 20
	for _, size := range []struct {
		name     string
		n, units int
	}{
		{"vocab", c.Vocab, block}, {"width", c.Width, block}, {"layers", c.Layers, 1}, {"heads", c.Heads, 1}, {"kv_heads", c.KVHeads, 1},
		{"ffn", c.FFN, block}, {"context", c.Context, block},
	} {
		if size.n <= 0 || size.n > most || size.n%size.units != 0 {
			return c, fmt.Errorf("%w: %s is %d, not a positive multiple of %d", ErrModel, size.name, size.n, size.units)
		}
	}
	if c.Width%c.Heads != 0 || c.Head()%block != 0 || c.Heads%c.KVHeads != 0 {
		return c, fmt.Errorf("%w: %d heads and %d KV heads of %d / %d values", ErrModel, c.Heads, c.KVHeads, c.Width, c.Heads)
	}
	if c.Layers > 1<<10 || c.Width*(c.Vocab+c.FFN) > math.MaxInt32 {
		return c, fmt.Errorf("%w: %d layers of width %d, ffn %d and %d tokens are too much", ErrModel, c.Layers, c.Width, c.FFN, c.Vocab)
	}
	if _, total := c.tensors(); total > math.MaxInt32 {
		return c, fmt.Errorf("%w: %d parameters", ErrModel, total)
	}
	return c, nil
}

// tensor is a place in the flat slice of parameters; names are GGUF's.
type tensor struct {
	name          string
	at            int
	rows, columns int  // rows is 0 for a vector
	matrix        bool // of a block: Muon trains it
	rotary        bool // its rows are pairs (i, i + head/2) here, neighbours in GGUF
}

func (t tensor) size() int { return max(1, t.rows) * t.columns }

// tensors lists the tensors in the order of the parameters, as lmz_layout_of (kernel.c) has them.
func (c Config) tensors() (list []tensor, total int) {
	add := func(name string, rows, columns int, matrix, rotary bool) {
		t := tensor{name + ".weight", total, rows, columns, matrix, rotary}
		list, total = append(list, t), total+t.size()
	}
	d, kv := c.Width, c.KVHeads*c.Head()
	add("token_embd", c.Vocab, d, false, false)
	for i := range c.Layers {
		blk := fmt.Sprintf("blk.%d.", i)
		add(blk+"attn_norm", 0, d, false, false)
		add(blk+"attn_q", d, d, true, true)
		add(blk+"attn_k", kv, d, true, true)
		add(blk+"attn_v", kv, d, true, false)
		add(blk+"attn_output", d, d, true, false)
		add(blk+"ffn_norm", 0, d, false, false)
		add(blk+"ffn_gate", c.FFN, d, true, false)
		add(blk+"ffn_up", c.FFN, d, true, false)
		add(blk+"ffn_down", d, c.FFN, true, false)
	}
	add("output_norm", 0, d, false, false)
	if !c.Tied {
		add("output", c.Vocab, d, false, false)
	}
	return list, total
}
