//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/lmz-go/lmz/internal/gguf"
)

// weightFile is a model file whose numbers can be changed.
type weightFile struct {
	metadata []gguf.KeyValue
	tensors  []weightTensor
}

// weightTensor is a tensor of numbers: a matrix has columns contiguous.
type weightTensor struct {
	name          string
	rows, columns int // rows is 1 for a vector
	vector        bool
	values        []float32
}

// block says whether the matrix is part of a block, not the embedding or the output.
func (t weightTensor) block() bool { return !t.vector && strings.HasPrefix(t.name, "blk.") }

func (s *study) readWeights(name string) (*weightFile, error) {
	f, err := s.store.Locate(name)
	if err != nil {
		return nil, err
	}
	r, size, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	h, err := gguf.ReadAll(r, size)
	if err != nil {
		return nil, err
	}
	w := &weightFile{metadata: h.Metadata}
	for _, t := range h.Tensors {
		data := make([]byte, t.Size)
		if _, err := r.ReadAt(data, h.DataOffset+int64(t.Offset)); err != nil && err != io.EOF {
			return nil, err
		}
		values, err := gguf.Decode(data, t.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name, err)
		}
		n := weightTensor{name: t.Name, rows: 1, columns: int(t.Shape[0]), vector: len(t.Shape) == 1, values: values}
		if !n.vector {
			n.rows = int(t.Shape[1])
		}
		w.tensors = append(w.tensors, n)
	}
	return w, nil
}

// build makes a file whose matrices have a type; vectors stay F32.
func (w *weightFile) build(tensors []weightTensor, kind gguf.TensorType) ([]byte, error) {
	metadata := slices.Clone(w.metadata)
	for i, kv := range metadata {
		switch kv.Key {
		case "llama.feed_forward_length":
			for _, t := range tensors {
				if strings.HasSuffix(t.name, "ffn_up.weight") {
					metadata[i].Value = uint32(t.rows) // all blocks have the same
				}
			}
		case "general.file_type":
			metadata[i].Value = map[gguf.TensorType]uint32{gguf.F32: 0, gguf.F16: 1, gguf.Q4_0: 2, gguf.Q8_0: 7}[kind]
		}
	}
	var data []gguf.TensorData
	for _, t := range tensors {
		d := gguf.TensorData{Name: t.name, Type: kind, Shape: []uint64{uint64(t.columns), uint64(t.rows)}}
		if t.vector {
			d.Type, d.Shape = gguf.F32, d.Shape[:1]
		}
		var err error
		if d.Data, err = gguf.Encode(t.values, d.Type); err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		data = append(data, d)
	}
	var b bytes.Buffer
	err := gguf.Write(&b, metadata, data)
	return b.Bytes(), err
}

// matrixBytes is what all matrices take in a type.
func (w *weightFile) matrixBytes(kind gguf.TensorType) (n float64) {
	elements, size := kind.Layout()
	for _, t := range w.tensors {
		if !t.vector {
			n += float64(len(t.values)) * float64(size) / float64(elements)
		}
	}
	return n
}

// changed gives the tensors, those that f wants changed as it leaves them.
func (w *weightFile) changed(f func(t *weightTensor)) []weightTensor {
	tensors := slices.Clone(w.tensors)
	for i := range tensors {
		tensors[i].values = slices.Clone(tensors[i].values)
		f(&tensors[i])
	}
	return tensors
}

const blockWeights = 32 // that share a scale, as in Q8_0

// rounded gives the tensors with the weights of all matrices in so many bits, the sign included:
// multiples of a scale that is that of the block's greatest weight.
func (w *weightFile) rounded(bits int) []weightTensor {
	most := float64(int(1)<<(bits-1) - 1)
	return w.changed(func(t *weightTensor) {
		if t.vector {
			return
		}
		for block := range slices.Chunk(t.values, blockWeights) {
			round(block, most)
		}
	})
}

// roundedRows gives the tensors with the matrices of a kind, or all, rounded as exact rounds them:
// to int8 multiples of a 127th of the row's greatest weight.
func (w *weightFile) roundedRows(kind string) []weightTensor {
	return w.changed(func(t *weightTensor) {
		if t.vector || !strings.HasSuffix(strings.TrimSuffix(t.name, ".weight"), kind) {
			return
		}
		for row := range slices.Chunk(t.values, t.columns) {
			round(row, 127)
		}
	})
}

// round makes the weights multiples of a scale, of which the greatest is most.
func round(weights []float32, most float64) {
	scale := 0.0
	for _, v := range weights {
		scale = max(scale, math.Abs(float64(v))/most)
	}
	for i, v := range weights {
		if scale > 0 {
			weights[i] = float32(math.Round(float64(v)/scale) * scale)
		}
	}
}

// pruning says which weights count as small.
type pruning int

const (
	wholePruning  pruning = iota // smallest of all matrices of the blocks
	rowPruning                   // smallest of each row
	neuronPruning                // neurons of the feed-forward networks with the smallest weights
)

func (p pruning) String() string {
	return [...]string{"whole model", "each row", "neurons"}[p]
}

// pruned gives the tensors without a part of the weights.
func (w *weightFile) pruned(way pruning, share float64) []weightTensor {
	switch way {
	case wholePruning:
		var all []float32
		for _, t := range w.tensors {
			if t.block() {
				all = append(all, t.values...)
			}
		}
		limit := smallest(all, share)
		return w.changed(func(t *weightTensor) {
			if t.block() {
				zero(t.values, limit)
			}
		})
	case rowPruning:
		return w.changed(func(t *weightTensor) {
			if t.block() {
				for row := range slices.Chunk(t.values, t.columns) {
					zero(row, smallest(row, share))
				}
			}
		})
	}
	return w.withoutNeurons(share)
}

// smallest is the magnitude that a part of the values does not exceed; less than any where it is
// none of them.
func smallest(values []float32, share float64) float32 {
	n := int(math.Round(share * float64(len(values))))
	if n == 0 {
		return -1
	}
	sorted := make([]float32, len(values))
	for i, v := range values {
		sorted[i] = float32(math.Abs(float64(v)))
	}
	slices.Sort(sorted)
	return sorted[n-1]
}

func zero(values []float32, limit float32) {
	for i, v := range values {
		if float32(math.Abs(float64(v))) <= limit {
			values[i] = 0
		}
	}
}

// withoutNeurons leaves out, in each block, neurons whose weights have the smallest product of
// norms, of what they read and what they write: a multiple of 32 remains, and 32 at least.
func (w *weightFile) withoutNeurons(share float64) []weightTensor {
	find := func(name string) weightTensor {
		i := slices.IndexFunc(w.tensors, func(t weightTensor) bool { return t.name == name })
		return w.tensors[i]
	}
	kept := make(map[string][]int) // by block
	for _, t := range w.tensors {
		block, ok := strings.CutSuffix(t.name, ".ffn_up.weight")
		if !ok {
			continue
		}
		down := find(block + ".ffn_down.weight")
		gate := find(block + ".ffn_gate.weight")
		weight := make([]float64, t.rows)
		order := make([]int, t.rows)
		for n := range t.rows {
			out := 0.0
			for row := range down.rows {
				v := float64(down.values[row*down.columns+n])
				out += v * v
			}
			order[n] = n
			weight[n] = norm2(t.values[n*t.columns:][:t.columns]) * norm2(gate.values[n*gate.columns:][:gate.columns]) * out
		}
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case weight[a] > weight[b]:
				return -1
			case weight[a] < weight[b]:
				return 1
			}
			return 0
		})
		n := max(blockWeights, int(math.Round((1-share)*float64(t.rows)/blockWeights))*blockWeights)
		kept[block] = slices.Sorted(slices.Values(order[:min(n, t.rows)]))
	}
	return w.changed(func(t *weightTensor) {
		block, name, _ := strings.Cut(strings.TrimPrefix(t.name, "blk."), ".")
		keep := kept["blk."+block]
		switch name {
		case "ffn_up.weight", "ffn_gate.weight":
			var values []float32
			for _, n := range keep {
				values = append(values, t.values[n*t.columns:][:t.columns]...)
			}
			t.values, t.rows = values, len(keep)
		case "ffn_down.weight":
			var values []float32
			for row := range slices.Chunk(t.values, t.columns) {
				for _, n := range keep {
					values = append(values, row[n])
				}
			}
			t.values, t.columns = values, len(keep)
		}
	})
}

func norm2(x []float32) (sum float64) {
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}
