//go:build linux && (amd64 || arm64)

package gpu

import (
	"context"
	"fmt"
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
