package exact

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
	"github.com/lmz-go/lmz/internal/golden"
	"github.com/lmz-go/lmz/lm"
)

// reference is the textbook's transformer in float64, of the numbers of a model file as they are.
type reference struct {
	shape
	tensors       map[string][]float64
	epsilon, base float64
}

func newReference(t testing.TB, data []byte) *reference {
	t.Helper()
	h, err := gguf.Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	ref := &reference{tensors: map[string][]float64{}}
	if ref.shape, err = shapeOf(h); err != nil {
		t.Fatal(err)
	}
	ref.epsilon = float64(h.Get("llama.attention.layer_norm_rms_epsilon").(float32))
	ref.base = float64(h.Get("llama.rope.freq_base").(float32))
	for _, tensor := range h.Tensors {
		values, err := gguf.Decode(data[h.DataOffset+int64(tensor.Offset):][:tensor.Size], tensor.Type)
		if err != nil {
			t.Fatal(err)
		}
		list := make([]float64, len(values))
		for i, v := range values {
			list[i] = float64(v)
		}
		ref.tensors[tensor.Name] = list
	}
	return ref
}

func times(w, x []float64) []float64 {
	y := make([]float64, len(w)/len(x))
	for r := range y {
		row := w[r*len(x):][:len(x)]
		var sums [4]float64
		for c := 0; c+3 < len(x); c += 4 {
			for i := range sums {
				sums[i] += row[c+i] * x[c+i]
			}
		}
		y[r] = sums[0] + sums[1] + sums[2] + sums[3]
	}
	return y
}

func (ref *reference) norm(x, weight []float64) []float64 {
	sum, y := 0.0, make([]float64, len(x))
	for _, v := range x {
		sum += v * v
	}
	for i, v := range x {
		y[i] = v * weight[i] / math.Sqrt(sum/float64(len(x))+ref.epsilon)
	}
	return y
}

// turn is RoPE of all heads in x.
func (ref *reference) turn(x []float64, pos int) {
	for i := 0; i < len(x); i += 2 {
		angle := float64(pos) * math.Pow(ref.base, -float64(i%ref.head)/float64(ref.head))
		a, b, c, s := x[i], x[i+1], math.Cos(angle), math.Sin(angle)
		x[i], x[i+1] = a*c-b*s, a*s+b*c
	}
}

// logits are those after each token, in bits.
func (ref *reference) logits(tokens []int32) (rows [][]float64) {
	keys, values := make([][][]float64, ref.layers), make([][][]float64, ref.layers)
	for pos, token := range tokens {
		x := append([]float64{}, ref.tensors["token_embd.weight"][int(token)*ref.width:][:ref.width]...)
		for i := range ref.layers {
			w := func(name string) []float64 { return ref.tensors[fmt.Sprintf("blk.%d.%s.weight", i, name)] }
			y := ref.norm(x, w("attn_norm"))
			q, k := times(w("attn_q"), y), times(w("attn_k"), y)
			ref.turn(q, pos)
			ref.turn(k, pos)
			keys[i], values[i] = append(keys[i], k), append(values[i], times(w("attn_v"), y))
			var attended []float64
			for h := range ref.heads {
				at := h / (ref.heads / ref.kvHeads) * ref.head
				attended = append(attended, attend(q[h*ref.head:][:ref.head], keys[i], values[i], at)...)
			}
			for j, v := range times(w("attn_output"), attended) {
				x[j] += v
			}
			y = ref.norm(x, w("ffn_norm"))
			g, u := times(w("ffn_gate"), y), times(w("ffn_up"), y)
			for j, v := range g {
				u[j] *= v / (1 + math.Exp(-v))
			}
			for j, v := range times(w("ffn_down"), u) {
				x[j] += v
			}
		}
		output := ref.tensors["output.weight"]
		if output == nil {
			output = ref.tensors["token_embd.weight"]
		}
		row := times(output, ref.norm(x, ref.tensors["output_norm.weight"]))
		for j := range row {
			row[j] *= math.Log2E
		}
		rows = append(rows, row)
	}
	return rows
}

func attend(q []float64, keys, values [][]float64, at int) []float64 {
	y, total := make([]float64, len(q)), 0.0
	top := math.Inf(-1)
	scores := make([]float64, len(keys))
	for j, k := range keys {
		for i, v := range q {
			scores[j] += v * k[at+i] / math.Sqrt(float64(len(q)))
		}
		top = max(top, scores[j])
	}
	for j, v := range values {
		weight := math.Exp(scores[j] - top)
		total += weight
		for i := range y {
			y[i] += weight * v[at+i]
		}
	}
	for i := range y {
		y[i] /= total
	}
	return y
}

// rowsOf are the logits after each token of one lane, in bits and in the order of the file.
func rowsOf(t testing.TB, m *Model, tokens []int32) (rows [][]float64) {
	t.Helper()
	s, err := m.NewSession(1, len(tokens))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for pos, token := range tokens {
		if err := s.Decode(context.Background(), []lm.Feed{{Pos: pos, Tokens: []int32{m.tokens.number[token]}}}); err != nil {
			t.Fatal(err)
		}
		row := make([]float64, len(m.Pieces()))
		for j, v := range s.Logits(0).Fixed {
			row[m.tokens.file[j]] = float64(v) / (1 << lm.LogitFraction)
		}
		rows = append(rows, row)
	}
	return rows
}

// agreement is how far rows are from those of the reference.
type agreement struct {
	bits, wantBits float64 // that the next tokens cost
	off            float64 // mean distance of logits, in bits, less what all of a row are off
	correlation    float64 // of logits about the mean of their row
}

func compare(got, want [][]float64, tokens []int32) (a agreement) {
	var xy, xx, yy float64
	n := 0
	for i := range want {
		meanGot, meanWant := mean(got[i]), mean(want[i])
		for j := range want[i] {
			x, y := got[i][j]-meanGot, want[i][j]-meanWant
			xy, xx, yy = xy+x*y, xx+x*x, yy+y*y
			a.off += math.Abs(x - y)
			n++
		}
		if i+1 < len(tokens) {
			a.bits += cost(got[i], tokens[i+1])
			a.wantBits += cost(want[i], tokens[i+1])
		}
	}
	a.off /= float64(n)
	a.correlation = xy / math.Sqrt(xx*yy)
	return a
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// cost is the bits of a token after a row of logits.
func cost(row []float64, token int32) float64 {
	total := 0.0
	for _, v := range row {
		total += math.Exp2(v)
	}
	return math.Log2(total) - row[token]
}

// The released models cost what they cost in floating point. What is rounded to int8, activations
// and caches above all, is off by up to 1/254 of the greatest of its vector, which is 4 to 16 times
// the root of the mean square in these models: 0.5 to 2 % of noise a pass, of which logits, spread
// over some bits, keep 0.1 to 0.3 bits. It is noise, so that the cost of a text hardly changes: of
// base's by up to 1 %, as logits that are sure lose most.
func TestReference(t *testing.T) {
	for _, name := range []string{"nano", "base"} {
		if testing.Short() && name == "base" {
			continue
		}
		data := modelFile(t, name)
		m, ref := mustOpen(t, data), newReference(t, data)
		var sum agreement
		for _, kind := range golden.Kinds {
			n := map[string]int{"nano": 256, "base": 100}[name]
			tokens := append([]int32{m.tokenizer.BOS()}, m.tokenizer.Encode(nil, golden.Text(kind, 9, 2000))...)[:n]
			a := compare(rowsOf(t, m, tokens), ref.logits(tokens), tokens)
			if math.Abs(a.bits/a.wantBits-1) > 0.015 || a.correlation < 0.998 || a.off > 0.35 {
				t.Errorf("%s, %s: %.1f bits, in floating point %.1f; logits are off by %.3f bits, correlation %.5f", name, kind,
					a.bits, a.wantBits, a.off, a.correlation)
			}
			sum.bits, sum.wantBits = sum.bits+a.bits, sum.wantBits+a.wantBits
		}
		if math.Abs(sum.bits/sum.wantBits-1) > 0.01 {
			t.Errorf("%s: %.1f bits, in floating point %.1f", name, sum.bits, sum.wantBits)
		}
	}
}

// Other shapes and types are computed as they should: heads of each width, shared and not, tied
// output, F16 and F32.
func TestReferenceShapes(t *testing.T) {
	for name, k := range map[string]gguftest.Llama{
		"plain":       plain,
		"tied":        {Layers: 1, Width: 64, Heads: 1, KVHeads: 1, Inner: 64, Context: 64, Kind: gguf.F16, Tied: true},
		"heads of 16": {Layers: 3, Width: 96, Heads: 6, KVHeads: 2, Inner: 100, Context: 64, Kind: gguf.F32},
		"odd columns": {Layers: 1, Width: 48, Heads: 3, KVHeads: 1, Inner: 36, Context: 64, Kind: gguf.F32},
		"Q8_0":        {Layers: 2, Width: 128, Heads: 2, KVHeads: 1, Inner: 160, Context: 64, Kind: gguf.Q8_0},
	} {
		k.Seed = 5
		data := k.File().Bytes()
		m, ref := mustOpen(t, data), newReference(t, data)
		tokens := make([]int32, 60)
		for i := range tokens {
			tokens[i] = int32(i * i * 37 % len(m.Pieces()))
		}
		a := compare(rowsOf(t, m, tokens), ref.logits(tokens), tokens)
		if a.correlation < 0.999 || a.off > 0.1 {
			t.Errorf("%s: logits are off by %.3f bits, correlation %.5f", name, a.off, a.correlation)
		}
	}
}
