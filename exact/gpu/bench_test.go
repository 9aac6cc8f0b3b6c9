//go:build linux && (amd64 || arm64)

package gpu

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/lmz-go/lmz/lm"
)

// BenchmarkStep gives all lanes a token each: "fetch" brings the logits to the processor.
func BenchmarkStep(b *testing.B) {
	for _, name := range []string{"base", "nano"} {
		g := mustOpen(b, released(b, name))
		for _, lanes := range []int{1, 8, 64, 512, 2048, 4096, 8192} {
			for _, fetch := range []bool{false, true} {
				what := "stay"
				if fetch {
					what = "fetch"
				}
				b.Run(fmt.Sprintf("%s/L=%d/%s", name, lanes, what), func(b *testing.B) { steps(b, g, lanes, fetch) })
			}
		}
	}
}

func steps(b *testing.B, g *Model, lanes int, fetch bool) {
	made, err := g.NewSession(lanes, g.ContextLength())
	if err != nil {
		b.Fatal(err)
	}
	defer made.Close()
	s := made.(*session)
	s.noFetch = !fetch
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
	matmul, err := s.matmul(lanes)
	if err != nil {
		b.Fatal(err)
	}
	units := g.device.tensor
	g.device.tensor = tensor{}
	plain, err := s.matmul(lanes)
	g.device.tensor = units
	if err != nil {
		b.Fatal(err)
	}
	each := func(shader string, p push) func(*recorder) {
		pipeline, err := g.pipeline(pipelineKey{shader, s.window, tile{}})
		if err != nil {
			b.Fatal(err)
		}
		return func(r *recorder) { r.dispatch(pipeline, p, lanes, 1) }
	}
	for _, k := range []struct {
		name   string
		record func(*recorder)
	}{
		{"norm", each("norm", l.output.after)}, {"store", each("store", l.qkv.after)}, {"attend", each("attend", push{})},
		{"gate", each("gate", l.gateUp.after)}, {"qkv", func(r *recorder) { matmul(r, &l.qkv) }},
		{"output", func(r *recorder) { matmul(r, &l.output) }}, {"gateUp", func(r *recorder) { matmul(r, &l.gateUp) }},
		{"down", func(r *recorder) { matmul(r, &l.down) }}, {"gateUp, plain", func(r *recorder) { plain(r, &l.gateUp) }},
		{"logits", func(r *recorder) { matmul(r, &g.last) }}, {"nothing", func(r *recorder) { r.barrier() }},
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
				if err := g.device.run(s.command.fence, c); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N*times), "us/dispatch")
		})
	}
}
