package exact

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
	"github.com/lmz-go/lmz/lm"
)

// Whatever numbers a model has, all kernels and the plain passes over vectors agree on the logits,
// and the logits are within 30 bits.
func TestExtremeModels(t *testing.T) {
	shapes := map[string]gguftest.Llama{
		"heads of 16": {Layers: 2, Width: 64, Heads: 4, KVHeads: 1, Inner: 100, Context: 40},
		"heads of 32": {Layers: 1, Width: 96, Heads: 3, KVHeads: 3, Inner: 32, Context: 40, Tied: true},
		"heads of 64": {Layers: 2, Width: 128, Heads: 2, KVHeads: 2, Inner: 64, Context: 40},
		"widest":      {Layers: 1, Width: 1040, Heads: 65, KVHeads: 65, Inner: 1040, Context: 3},
	}
	for shape, k := range shapes {
		for name, number := range gguftest.Extremes {
			// The greatest sums.
			if k.Width > 1000 && (testing.Short() || name != "signs" && name != "aligned") {
				continue
			}
			k.Number, k.Seed = number, 7
			for _, kind := range []gguf.TensorType{gguf.F32, gguf.Q8_0} {
				if k.Kind = kind; kind == gguf.Q8_0 && (k.Width%32 != 0 || k.Inner%32 != 0) {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%v", shape, name, kind), func(t *testing.T) { agree(t, k.File().Bytes(), k.Context) })
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
