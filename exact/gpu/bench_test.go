//go:build linux && (amd64 || arm64)

package gpu

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// BenchmarkStep gives all lanes a token each, and brings logits, or sums of weights, to the
// processor.
func BenchmarkStep(b *testing.B) {
	for _, name := range []string{"base", "nano"} {
		g := mustOpen(b, released(b, name))
		for _, lanes := range []int{1, 8, 64, 512, 2048, 4096, 8192} {
			for gives, what := range []string{givesLogits: "logits", givesSums: "sums", givesNothing: "stay"} {
				b.Run(fmt.Sprintf("%s/L=%d/%s", name, lanes, what), func(b *testing.B) { steps(b, g, lanes, given(gives)) })
			}
		}
	}
}

func steps(b *testing.B, g *Model, lanes int, gives given) {
	made, err := g.NewSession(lanes, g.ContextLength())
	if err != nil {
		b.Fatal(err)
	}
	defer made.Close()
	s := made.(*session)
	s.gives = gives
	feeds := make([]lm.Feed, lanes)
	pos, token := 0, uint32(1)
	step := func() {
		for i := range feeds {
			token = token*1664525 + 1013904223
			feeds[i] = lm.Feed{Lane: i, Pos: pos, Tokens: []int32{int32(token>>8) % int32(len(g.Pieces()))}}
		}
		if err := s.Decode(context.Background(), feeds); err != nil {
			b.Fatal(err)
		}
	}
	step()
	for i := range s.held { // whatever the caches hold
		s.held[i] = g.ContextLength() - 1
	}
	pos = g.ContextLength() / 2 // as full as a window is on average
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(lanes)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

// BenchmarkShader runs each kind of dispatch of a layer alone, for all lanes.
func BenchmarkShader(b *testing.B) {
	lanes := 4096
	if os.Getenv("LANES") != "" {
		lanes, _ = strconv.Atoi(os.Getenv("LANES"))
	}
	g := mustOpen(b, released(b, "base"))
	made, err := g.NewSession(lanes, g.ContextLength())
	if err != nil {
		b.Fatal(err)
	}
	defer made.Close()
	s := made.(*session)
	for i := range s.upload[:lanes] {
		s.upload[i] = column{uint32(i), uint32(g.ContextLength() / 2), 1, uint32(i)}
	}
	l := &g.layers[0]
	each := func(shader string, p push) func(*recorder) {
		pipeline, err := g.pipeline(pipelineKey{shader, s.window, tile{}})
		if err != nil {
			b.Fatal(err)
		}
		return func(r *recorder) { r.dispatch(pipeline, p, lanes, 1) }
	}
	matmul, err := s.matmul(lanes)
	if err != nil {
		b.Fatal(err)
	}
	for _, k := range []struct {
		name   string
		record func(*recorder)
	}{
		{"norm", each("norm", l.output.after)}, {"store", each("store", l.qkv.after)}, {"attend", each("attend", push{})},
		{"gate", each("gate", l.gateUp.after)}, {"qkv", func(r *recorder) { matmul(r, &l.qkv) }},
		{"output", func(r *recorder) { matmul(r, &l.output) }}, {"gateUp", func(r *recorder) { matmul(r, &l.gateUp) }},
		{"down", func(r *recorder) { matmul(r, &l.down) }}, {"logits", func(r *recorder) { matmul(r, &g.last) }},
		{"weigh", each("weigh", s.weighing())}, {"nothing", func(r *recorder) { r.barrier() }},
	} {
		const times = 20
		c, err := s.command.record(func(r *recorder) {
			r.bind(s.sets[0])
			r.copy(s.columnsUp, s.columnsDown, uint64(16*lanes))
			for range times {
				k.record(r)
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(k.name, func(b *testing.B) {
			for b.Loop() {
				if err := s.command.run(c); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N*times), "us/dispatch")
		})
	}
}

// BenchmarkLM compresses and decompresses logs with the method lm, a worker's lanes together.
func BenchmarkLM(b *testing.B) {
	size := 32 << 20
	if n, err := strconv.Atoi(os.Getenv("SIZE")); err == nil {
		size = n
	}
	log, err := os.ReadFile(filepath.Join("..", "..", "testdata", "postgresql-syslog.log"))
	if err != nil {
		b.Fatal(err)
	}
	text := bytes.Repeat(log, size/len(log)+1)[:size]
	for _, name := range []string{"base", "nano"} {
		g := mustOpen(b, released(b, name))
		for _, shape := range [][2]int{{8, 2048}, {16, 1024}, {16, 256}} {
			workers, lanes := stream.WithWorkers(shape[0]), stream.WithLanes(shape[1])
			what := fmt.Sprintf("%s/workers=%d/L=%d", name, shape[0], shape[1])
			var archive bytes.Buffer
			b.Run(what+"/compress", func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					archive.Reset()
					w, err := stream.NewWriter(&archive, g, stream.WithMethod(codec.LM), stream.WithChunkSize(2048), workers, lanes)
					if err == nil {
						if _, err = w.Write(text); err == nil {
							err = w.Close()
						}
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(what+"/decompress", func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					r, err := stream.NewReader(bytes.NewReader(archive.Bytes()), func(context.Context, lm.ModelID) (lm.Model, error) { return g, nil }, workers, lanes)
					if err != nil {
						b.Fatal(err)
					}
					got, err := io.ReadAll(r)
					if r.Close(); err != nil || !bytes.Equal(got, text) {
						b.Fatalf("%d bytes of %d: %v", len(got), len(text), err)
					}
				}
			})
		}
	}
}
