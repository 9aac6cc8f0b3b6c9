//go:build llama && cgo

package llama

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lmz-go/lmz/internal/bareloop"
	"github.com/lmz-go/lmz/lm"
)

// BenchmarkDecode compares Session.Decode with a bare C loop over llama_decode on the same tokens,
// in CPU time, taking turns.
func BenchmarkDecode(b *testing.B) {
	const path, window, steps = "../models/embedded/base-q8_0.gguf", 256, 128
	m, err := Open(context.Background(), path, "")
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	bare, err := bareloop.Load(path)
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	for _, lanes := range []int{1, 8, 32, 128} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) {
			tokens := tokensOf(m, 1, lanes*steps)
			var ours, theirs time.Duration
			for b.Loop() {
				t, err := bare.Run(tokens, lanes, window)
				if err != nil {
					b.Fatal(err)
				}
				theirs += t
				ours += runSession(b, m, tokens, lanes, window)
			}
			fed := float64(b.N * lanes * steps)
			b.ReportMetric(fed/ours.Seconds(), "tok/s")
			b.ReportMetric(fed/theirs.Seconds(), "bare-tok/s")
			b.ReportMetric(theirs.Seconds()/ours.Seconds(), "of-bare")
		})
	}
}

func runSession(b *testing.B, m *Model, tokens []int32, lanes, window int) time.Duration {
	s, err := m.NewSession(lanes, window)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	feeds := make([]lm.Feed, lanes)
	start := cpuTime(b)
	var sum float32
	for at := 0; at < len(tokens); at += lanes {
		for lane := range feeds {
			feeds[lane] = lm.Feed{Lane: lane, Pos: at / lanes, Tokens: tokens[at+lane : at+lane+1]}
		}
		if err := s.Decode(ctx, feeds); err != nil {
			b.Fatal(err)
		}
		for i := range feeds {
			sum += s.Logits(i).Float[0]
		}
	}
	return cpuTime(b) - start
}

func cpuTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}
