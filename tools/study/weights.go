//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/llama"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/tools/internal/cpu"
)

var weightsTable = &table{
	name:  "weights",
	title: "Quantization and pruning of the model",
	about: "What a model may lose before it compresses worse. **Types** of weights: by libllama, which computes with what the file has, and by `exact`, which makes " +
		"int8 of all of them. **Bits**: weights rounded to fewer bits in blocks of 32 with a scale each, as Q8_0 and Q4_0 do it; the size is what such " +
		"blocks take. **Pruning** sets the smallest weights of the blocks to zero: over the whole model, in each row, or whole neurons of the feed-forward " +
		"networks, which are removed from the file. The embedded model is a Q8_0 file, so its F32 and F16 are these numbers in another form. The field says: 3 to " +
		"4 bits and 50 to 60 % of zeros cost little, and up to 95 % of the neurons are redundant. Bits per byte are those of the method `lm`.",
	seconds: [2]int{6, 300},
	run:     weights,
}

// variant is a changed model.
type variant struct {
	part, name, published string
	share                 float64 // what was changed, for the plots: bits, or the part that was pruned
	class                 string  // numeric class of libllama; empty: exact
	bits                  float64 // that a weight of the matrices takes; 0: what the file's types take
	tensors               []weightTensor
	kind                  gguf.TensorType // of the matrices
	fine                  bool            // what it changes is little: longer texts
}

// kindsOfMatrix are the ends of the names of matrices that do the same in each block.
var kindsOfMatrix = []string{"token_embd", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"}

// sharesOfRows say what rounding each kind of matrix costs that exact does: to int8 of a row's
// scale. The activations' rounding is what exact itself loses beyond all of them.
func (w *weightFile) sharesOfRows() []variant {
	part := "What exact rounds"
	variants := []variant{{name: "nothing"}}
	for _, kind := range kindsOfMatrix {
		variants = append(variants, variant{name: kind, tensors: w.roundedRows(kind)})
	}
	variants = append(variants, variant{name: "all of them", tensors: w.roundedRows("")})
	for i := range variants {
		variants[i].kind, variants[i].class = gguf.F32, llama.DefaultClass()
	}
	variants = append(variants, variant{name: "exact: activations, too", kind: gguf.Q8_0})
	for i := range variants {
		variants[i].part, variants[i].fine = part, true
	}
	return variants
}

func weights(s *study) (*report, error) {
	r := &report{}
	sample, compress := s.bytes/6, true
	m := s.models[0]
	steps := []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9}
	if s.quick {
		compress = false
		m = s.models[1]
		steps = []float64{0.5, 0.9}
	}
	file, err := s.readWeights(m.name)
	if err != nil {
		return nil, err
	}
	variants := []variant{{part: "Types of weights", name: "Q8_0, exact (int8)", kind: gguf.Q8_0}}
	for _, t := range []gguf.TensorType{gguf.F32, gguf.F16, gguf.Q8_0, gguf.Q4_0} {
		variants = append(variants, variant{part: "Types of weights", name: t.String() + ", libllama", class: llama.DefaultClass(), kind: t})
	}
	for bits := 8; bits >= 2; bits-- {
		variants = append(variants, variant{part: "Bits of a weight", name: fmt.Sprintf("%d bits", bits), share: float64(bits), bits: float64(bits) + 0.5, kind: gguf.Q8_0,
			tensors: file.rounded(bits)})
	}
	variants[len(variants)-3].published = "3 to 4 bits cost little"
	if !s.quick {
		variants = append(variants, file.sharesOfRows()...)
	}
	for _, way := range []pruning{wholePruning, rowPruning, neuronPruning} {
		for _, share := range steps {
			v := variant{part: "Pruned, " + way.String(), name: fmt.Sprintf("%.0f %%", 100*share), share: share, kind: gguf.Q8_0, tensors: file.pruned(way, share)}
			if way == wholePruning && share == 0.5 {
				v.published = "50 to 60 % cost little"
			}
			if way == neuronPruning && share == 0.9 {
				v.published = "95 % are redundant"
			}
			variants = append(variants, v)
		}
	}
	s.plan(len(variants))
	classes := s.main()
	curves := make(map[string]*series)
	unrounded := make(map[string]int64) // payloads, by class
	for _, v := range variants {
		if v.tensors == nil {
			v.tensors = file.tensors
		}
		data, err := file.build(v.tensors, v.kind)
		if err != nil {
			return nil, err
		}
		changed, closeModel, err := openWeights(s.ctx, data, v.class)
		if errors.Is(err, llama.ErrNotBuilt) {
			if v.kind == gguf.F32 { // the first of them
				r.skip("types of weights that libllama computes: this program is built without it (`make study` builds with it)")
			}
			s.step("left out")
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.name, err)
		}
		put := func(measure, published string, ours float64, unit string) {
			r.add(row{Part: v.part + ", model " + m.name, Name: v.name, Measure: measure, Published: published, Ours: ours, Unit: unit, Command: s.again("weights")})
		}
		var spent float64
		raw := 0
		for i, class := range classes {
			n := sample
			if v.fine {
				n = s.bytes / 2
			}
			texts := s.sample(class, n)
			raw += length(texts)
			var size int64
			t, err := cpu.Time(func() (err error) {
				size, err = s.payload(texts, method{codec: codec.LM, model: &model{Model: changed}})
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("%s: %w", v.name, err)
			}
			spent += t.Seconds() / 2
			bits := 8 * float64(size) / float64(length(texts))
			published := ""
			if i == 0 {
				published = v.published
			}
			put(class+", bits per byte", published, bits, "")
			if v.fine {
				if unrounded[class] == 0 {
					unrounded[class] = size // of the first of them
				}
				put(class+", more bytes", "", 100*(float64(size)/float64(unrounded[class])-1), "%")
			}
			if key := v.part + "/" + class; v.share > 0 {
				if curves[key] == nil {
					curves[key] = &series{Name: curveName(v.part) + ", " + class}
				}
				curves[key].X, curves[key].Y = append(curves[key].X, v.share), append(curves[key].Y, bits)
			}
		}
		if err := closeModel(); err != nil {
			return nil, err
		}
		put("speed", "", float64(raw)/1e3/spent, "KB/s of a core")
		size := float64(len(data))
		if v.bits > 0 {
			size -= file.matrixBytes(gguf.Q8_0) - file.matrixBytes(gguf.Q8_0)*v.bits/8.5
		}
		put("file", "", size, "bytes")
		if compress && !v.fine {
			packed, err := lzma2Size(data)
			if err != nil {
				r.skip("files after xz: " + err.Error())
				compress = false
			} else {
				put("file after xz", "", float64(packed), "bytes")
			}
		}
		s.step("%s: %s", v.part, v.name)
	}
	r.Figures = weightFigures(curves, variants, classes)
	return r, nil
}

// openWeights opens a model file in memory.
func openWeights(ctx context.Context, data []byte, class string) (lm.Model, func() error, error) {
	if class == "" {
		m, err := exact.OpenBytes(ctx, data)
		if err != nil {
			return nil, nil, err
		}
		return m, m.Close, nil
	}
	m, err := llama.OpenBytes(ctx, data, class)
	if err != nil {
		return nil, nil, err
	}
	return m, m.Close, nil
}

func curveName(part string) string {
	for _, way := range []pruning{wholePruning, rowPruning, neuronPruning} {
		if part == "Pruned, "+way.String() {
			return way.String()
		}
	}
	return "rounded"
}

func weightFigures(curves map[string]*series, variants []variant, classes []string) []figure {
	rounded := figure{Title: "Bits per byte by bits of a weight", X: "bits of a weight", Y: "bits per byte"}
	pruned := figure{Title: "Bits per byte by part of the weights that are zero", X: "part pruned", Y: "bits per byte"}
	done := make(map[string]bool)
	for _, v := range variants {
		for _, class := range classes {
			key := v.part + "/" + class
			if c := curves[key]; c != nil && !done[key] {
				done[key] = true
				if v.bits > 0 {
					rounded.Series = append(rounded.Series, *c)
				} else {
					pruned.Series = append(pruned.Series, *c)
				}
			}
		}
	}
	return []figure{rounded, pruned}
}
