//go:build unix

package exact

import (
	"bytes"
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/lmz-go/lmz/lm"
)

// BenchmarkDecode steps lanes together through whole windows, with each kernel and the passes over
// vectors that go with it: tokens per second of CPU time.
func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"base", "nano"} {
		data := modelFile(b, name)
		for i := range kernels {
			k := &kernels[i]
			m, err := open(context.Background(), bytes.NewReader(data), int64(len(data)), k)
			if err != nil {
				b.Fatal(err)
			}
			for _, lanes := range []int{1, 8, 32} {
				b.Run(fmt.Sprintf("%s/%s/%d", name, k.name, lanes), func(b *testing.B) {
					defer limitVectors(k)()
					benchmarkDecode(b, m, lanes)
				})
			}
		}
	}
}

func benchmarkDecode(b *testing.B, m *Model, lanes int) {
	s, err := m.NewSession(lanes, m.ContextLength())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	feeds := make([]lm.Feed, lanes)
	seed, pos := uint32(1), 0
	start := cpuTime()
	for b.Loop() {
		for i := range feeds {
			seed = seed*1664525 + 1013904223
			feeds[i] = lm.Feed{Lane: i, Pos: pos, Tokens: []int32{int32(seed >> 20)}}
		}
		if err := s.Decode(context.Background(), feeds); err != nil {
			b.Fatal(err)
		}
		pos = (pos + 1) % m.ContextLength()
	}
	b.ReportMetric(float64(b.N*lanes)/(cpuTime()-start).Seconds(), "tokens/cpu-s")
}

// cpuTime is what the process has used.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
