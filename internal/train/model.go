package train

import (
	"math"
	"math/rand/v2"
	"strings"

	"github.com/lmz-go/lmz/internal/gguf"
)

// Model is the parameters of a model, and what its file says beside them.
type Model struct {
	Config   Config
	Metadata []gguf.KeyValue // the vocabulary and the like; Save writes it with the Config's keys

	params []float32 // by Config.tensors
}

// New makes a model with random parameters; the same seed gives the same ones. Embeddings have a
// standard deviation of 0.5, what reads the residual stream width^-1/2, what writes to it and the
// output start at zero.
func New(c Config, seed uint64) (*Model, error) {
	c, err := c.defaults()
	if err != nil {
		return nil, err
	}
	list, total := c.tensors()
	m := &Model{Config: c, params: make([]float32, total)}
	random := rand.New(rand.NewPCG(seed, 0x6c6d7a))
	for _, t := range list {
		values := m.params[t.at : t.at+t.size()]
		deviation := 0.0
		switch {
		case t.rows == 0:
			for i := range values {
				values[i] = 1
			}
		case t.name == "token_embd.weight":
			deviation = 0.5
			if c.Tied {
				deviation = 0.02
			}
		case t.matrix && !strings.HasSuffix(t.name, "attn_output.weight") && !strings.HasSuffix(t.name, "ffn_down.weight"):
			deviation = 1 / math.Sqrt(float64(c.Width))
		}
		if deviation > 0 {
			for i := range values {
				values[i] = float32(deviation * random.NormFloat64())
			}
		}
	}
	return m, nil
}
