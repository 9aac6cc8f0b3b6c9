package exact

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/lm"
)

// extremes are ways to fill the tensors of a model that reach the ends of what numbers can be.
var extremes = map[string]func(r *rand.Rand, tensor string) float32{
	"zero":     func(*rand.Rand, string) float32 { return 0 },
	"one sign": func(*rand.Rand, string) float32 { return 3 },
	"tiny":     func(r *rand.Rand, _ string) float32 { return (r.Float32() - 0.5) * 1e-7 },
	"great":    func(r *rand.Rand, _ string) float32 { return (r.Float32() - 0.5) * 60000 },
	"greatest": func(r *rand.Rand, _ string) float32 { return float32(1-2*r.IntN(2)) * 60000 },
	// A unit that lets sums of queries and keys, and of all else, be as great as there is room for.
	"signs": func(r *rand.Rand, _ string) float32 { return float32(1 - 2*r.IntN(2)) },
	"mixed": func(r *rand.Rand, _ string) float32 {
		return float32(math.Ldexp(r.Float64()-0.5, r.IntN(40)-25))
	},
	"one": func(r *rand.Rand, _ string) float32 { // number of a hundred
		if r.IntN(100) == 0 {
			return 60000
		}
		return 0
	},
	"great queries": func(r *rand.Rand, tensor string) float32 {
		if len(tensor) > 11 && (tensor[6:12] == "attn_q" || tensor[6:12] == "attn_k") {
			return float32(1-2*r.IntN(2)) * 30000
		}
		return r.Float32() - 0.5
	},
	// Keys along queries give the greatest products.
	"aligned": func(r *rand.Rand, tensor string) float32 {
		if len(tensor) > 11 && (tensor[6:12] == "attn_q" || tensor[6:12] == "attn_k") {
			return 3
		}
		return r.Float32() - 0.5
	},
	"tiny values": func(r *rand.Rand, tensor string) float32 {
		if len(tensor) > 11 && tensor[6:12] == "attn_v" {
			return (r.Float32() - 0.5) * 1e-6
		}
		return r.Float32() - 0.5
	},
}

// Whatever numbers a model has, all kernels and the plain passes over vectors agree on the logits,
// and the logits are within 30 bits.
func TestExtremeModels(t *testing.T) {
	shapes := map[string]making{
		"heads of 16": {layers: 2, width: 64, heads: 4, kvHeads: 1, inner: 100, context: 40},
		"heads of 32": {layers: 1, width: 96, heads: 3, kvHeads: 3, inner: 32, context: 40, tied: true},
		"heads of 64": {layers: 2, width: 128, heads: 2, kvHeads: 2, inner: 64, context: 40},
		"widest":      {layers: 1, width: 1040, heads: 65, kvHeads: 65, inner: 1040, context: 3},
	}
	for shape, k := range shapes {
		for name, number := range extremes {
			if k.width > 1000 && (testing.Short() || name != "signs" && name != "aligned") { // the greatest sums
				continue
			}
			k.number, k.seed = number, 7
			for _, kind := range []gguf.TensorType{gguf.F32, gguf.Q8_0} {
				if k.kind = kind; kind == gguf.Q8_0 && (k.width%32 != 0 || k.inner%32 != 0) {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%v", shape, name, kind), func(t *testing.T) { agree(t, k.file().Bytes(), k.context) })
			}
		}
	}
}

// agree steps a model with every kernel through tokens.
func agree(t *testing.T, data []byte, tokens int) {
	t.Helper()
	var want [][]int32
	for i := range kernels {
		k := &kernels[len(kernels)-1-i] // the plain one is first
		m, err := open(context.Background(), bytes.NewReader(data), int64(len(data)), k)
		if err != nil {
			t.Fatal(err)
		}
		func() {
			defer limitVectors(k)()
			s, err := m.NewSession(1, tokens)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			r := rand.New(rand.NewPCG(3, 4))
			for pos := range tokens {
				feed := lm.Feed{Pos: pos, Tokens: []int32{r.Int32N(int32(len(m.Pieces())))}}
				if err := s.Decode(context.Background(), []lm.Feed{feed}); err != nil {
					t.Fatal(err)
				}
				row := s.Logits(0).Fixed
				if i == 0 {
					want = append(want, append([]int32{}, row...))
				}
				for j, v := range row {
					if v != want[pos][j] {
						t.Fatalf("%s: token %d, logit %d is %d, want %d", k.name, pos, j, v, want[pos][j])
					}
					if max(v, -v) > 1<<30 || v == math.MinInt32 {
						t.Fatalf("token %d: logit %d is %d", pos, j, v)
					}
				}
			}
		}()
	}
}
