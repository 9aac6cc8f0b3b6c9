//go:build linux && (amd64 || arm64)

package gpu

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/ebitengine/purego"

	"github.com/lmz-go/lmz/exact"
	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/internal/gguftest"
	"github.com/lmz-go/lmz/lm"
)

// compare feeds both sessions the same, and fails unless their logits are the same.
func compare(t *testing.T, want, got lm.Session, feeds []lm.Feed) {
	t.Helper()
	for _, s := range []lm.Session{want, got} {
		if err := s.Decode(context.Background(), feeds); err != nil {
			t.Fatal(err)
		}
	}
	for i, f := range feeds {
		w, g := want.Logits(i).Fixed, got.Logits(i).Fixed
		if !slices.Equal(w, g) {
			j := 0
			for w[j] == g[j] {
				j++
			}
			t.Fatalf("lane %d after %d tokens at %d: logit %d is %d, want %d", f.Lane, len(f.Tokens), f.Pos, j, g[j], w[j])
		}
	}
}

func mustSession(t testing.TB, m lm.Model, lanes, window int) lm.Session {
	t.Helper()
	s, err := m.NewSession(lanes, window)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func randomTokens(r *rand.Rand, m lm.Model, n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = r.Int32N(int32(len(m.Pieces())))
	}
	return list
}

// All ways of multiplying, and all numbers of lanes, give the logits of the processor.
func TestManyLanes(t *testing.T) {
	cpu := released(t, "nano")
	for _, dot := range []bool{false, true} {
		t.Run(fmt.Sprintf("dot %v", dot), func(t *testing.T) {
			gpu := mustOpenBy(t, cpu, dot)
			r := rand.New(rand.NewPCG(1, 2))
			for _, lanes := range []int{1, 9, 65, 200} {
				want, got := mustSession(t, cpu, lanes, 8), mustSession(t, gpu, lanes, 8)
				for pos := range 2 {
					var feeds []lm.Feed
					for _, lane := range r.Perm(lanes) {
						feeds = append(feeds, lm.Feed{Lane: lane, Pos: pos, Tokens: randomTokens(r, cpu, 1)})
					}
					compare(t, want, got, feeds)
				}
			}
		})
	}
}

func made(t testing.TB, k gguftest.Llama) *exact.Model {
	t.Helper()
	m, err := exact.OpenBytes(context.Background(), k.File().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var two = gguftest.Llama{Layers: 2, Width: 64, Heads: 4, KVHeads: 2, Inner: 96, Context: 160, Kind: gguf.F32}

// Whatever numbers a model has, and whatever shape, its logits are those of the processor.
func TestExtremeModels(t *testing.T) {
	shapes := map[string]gguftest.Llama{
		"heads of 16": {Layers: 2, Width: 64, Heads: 4, KVHeads: 1, Inner: 100, Context: 40, Tied: true},
		"heads of 32": {Layers: 1, Width: 96, Heads: 3, KVHeads: 3, Inner: 32, Context: 40},
		"heads of 64": {Layers: 1, Width: 384, Heads: 6, KVHeads: 1, Inner: 64, Context: 40},
		"widest":      {Layers: 1, Width: 1040, Heads: 65, KVHeads: 65, Inner: 1040, Context: 3},
		"longest":     {Layers: 1, Width: 64, Heads: 4, KVHeads: 1, Inner: 64, Context: 1024},
	}
	for shape, k := range shapes {
		for name, number := range gguftest.Extremes {
			if shape != "heads of 64" && name != "signs" && (k.Width > 1000 || k.Context > 1000 || name != "mixed") {
				continue // signs give the greatest sums
			}
			k.Number, k.Seed, k.Kind = number, 7, gguf.F32
			t.Run(shape+"/"+name, func(t *testing.T) {
				cpu := made(t, k)
				gpu := mustOpen(t, cpu)
				want, got := mustSession(t, cpu, 2, k.Context), mustSession(t, gpu, 2, k.Context)
				r := rand.New(rand.NewPCG(3, 4))
				compare(t, want, got, []lm.Feed{{Lane: 1, Tokens: randomTokens(r, cpu, k.Context-2)}, {Tokens: randomTokens(r, cpu, 1)}})
				compare(t, want, got, []lm.Feed{{Pos: 1, Tokens: randomTokens(r, cpu, 1)}, {Lane: 1, Pos: k.Context - 2, Tokens: randomTokens(r, cpu, 2)}})
			})
		}
	}
}

// Lanes in any order, pieces of any length, more than a round holds, rewinds and fresh starts.
func TestSchedule(t *testing.T) {
	cpu := made(t, two)
	gpu := mustOpen(t, cpu)
	const lanes = 5
	want, got := mustSession(t, cpu, lanes, two.Context), mustSession(t, gpu, lanes, two.Context)
	r := rand.New(rand.NewPCG(5, 6))
	held := make([]int, lanes)
	for range 40 {
		var feeds []lm.Feed
		for _, lane := range r.Perm(lanes)[:1+r.IntN(lanes)] {
			pos := held[lane]
			switch r.IntN(6) {
			case 0:
				pos = 0
			case 1:
				pos = r.IntN(pos + 1)
			}
			if pos == two.Context {
				pos = 0
			}
			n := 1 + min(r.IntN(3)*r.IntN(80), two.Context-pos-1)
			feeds = append(feeds, lm.Feed{Lane: lane, Pos: pos, Tokens: randomTokens(r, cpu, n)})
			held[lane] = pos + n
		}
		compare(t, want, got, feeds)
	}
}

// Sessions that are used at once know nothing of each other.
func TestSessionsAtOnce(t *testing.T) {
	cpu := made(t, two)
	gpu := mustOpen(t, cpu)
	var group sync.WaitGroup
	for seed := range uint64(3) {
		want, got := mustSession(t, cpu, 2, 40), mustSession(t, gpu, 2, 40)
		group.Go(func() {
			r := rand.New(rand.NewPCG(seed, 13))
			for pos := range 20 {
				feeds := []lm.Feed{{Pos: pos, Tokens: randomTokens(r, cpu, 1)}, {Lane: 1, Pos: pos, Tokens: randomTokens(r, cpu, 1)}}
				for _, s := range []lm.Session{want, got} {
					if err := s.Decode(context.Background(), feeds); err != nil {
						t.Error(err)
						return
					}
				}
				for i := range feeds {
					if !slices.Equal(want.Logits(i).Fixed, got.Logits(i).Fixed) {
						t.Errorf("session %d, lane %d at %d: other logits", seed, i, pos)
						return
					}
				}
			}
		})
	}
	group.Wait()
}

// Wrong feeds are refused with a message each, and change nothing.
func TestFeeds(t *testing.T) {
	cpu := made(t, two)
	gpu := mustOpen(t, cpu)
	r := rand.New(rand.NewPCG(7, 8))
	want, got := mustSession(t, cpu, 2, 10), mustSession(t, gpu, 2, 10)
	compare(t, want, got, []lm.Feed{{Tokens: randomTokens(r, cpu, 5)}, {Lane: 1, Tokens: randomTokens(r, cpu, 3)}})
	one := []int32{1}
	for message, feeds := range map[string][]lm.Feed{
		"gpu: 3 feeds for 2 lanes":                                    {{Tokens: one}, {Lane: 1, Tokens: one}, {Tokens: one}},
		"gpu: feed of lane 2 of 2":                                    {{Lane: 2, Tokens: one}},
		"gpu: feed of lane -1 of 2":                                   {{Lane: -1, Tokens: one}},
		"gpu: lane 1 is fed twice":                                    {{Lane: 1, Tokens: one}, {Lane: 1, Pos: 1, Tokens: one}},
		"gpu: 0 tokens at position 5 of a window of 10 that holds 5":  {{Pos: 5}},
		"gpu: 1 tokens at position 6 of a window of 10 that holds 5":  {{Pos: 6, Tokens: one}},
		"gpu: 1 tokens at position -1 of a window of 10 that holds 5": {{Pos: -1, Tokens: one}},
		"gpu: 6 tokens at position 5 of a window of 10 that holds 5":  {{Pos: 5, Tokens: make([]int32, 6)}},
		"gpu: token 512 of 512":                                       {{Pos: 5, Tokens: []int32{1, 512}}},
		"gpu: token -1 of 512":                                        {{Pos: 5, Tokens: []int32{-1}}},
	} {
		if err := got.Decode(context.Background(), feeds); err == nil || err.Error() != message {
			t.Errorf("error is %v, want %s", err, message)
		}
	}
	compare(t, want, got, []lm.Feed{{Lane: 1, Pos: 3, Tokens: randomTokens(r, cpu, 1)}, {Pos: 5, Tokens: randomTokens(r, cpu, 5)}})
	for message, args := range map[string][2]int{
		"gpu: 0 lanes, want 1 to 16384":              {0, 10},
		"gpu: 16385 lanes, want 1 to 16384":          {16385, 10},
		"gpu: a window of 0 tokens, want 1 to 160":   {1, 0},
		"gpu: a window of 161 tokens, want 1 to 160": {1, 161},
	} {
		if s, err := gpu.NewSession(args[0], args[1]); s != nil || err == nil || err.Error() != message {
			t.Errorf("error is %v, want %s", err, message)
		}
	}
	s := mustSession(t, gpu, 1, 10)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); !errors.Is(err, ErrClosed) {
		t.Errorf("error is %v, want %v", err, ErrClosed)
	}
	if err := s.Decode(context.Background(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("error is %v, want %v", err, ErrClosed)
	}
}

// When its context ends Decode ends, and lanes that are started afresh are as new.
func TestDecodeContext(t *testing.T) {
	cpu := made(t, two)
	gpu := mustOpen(t, cpu)
	want, got := mustSession(t, cpu, 2, 160), mustSession(t, gpu, 2, 160)
	r := rand.New(rand.NewPCG(9, 10))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := got.Decode(ctx, []lm.Feed{{Tokens: randomTokens(r, cpu, 150)}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	compare(t, want, got, []lm.Feed{{Tokens: randomTokens(r, cpu, 150)}})
}

// A session that does not fit is refused, and what it had got is freed.
func TestTooLarge(t *testing.T) {
	gpu := mustOpen(t, made(t, two))
	gpu.device.bufferSize = 1 << 20
	if s, err := gpu.NewSession(1000, 160); s != nil || !errors.Is(err, ErrTooLarge) {
		t.Errorf("error is %v, want %v", err, ErrTooLarge)
	}
	mustSession(t, gpu, 8, 16)
}

// A device whose memory ends while a session is made says so, and goes on when there is some again.
func TestOutOfMemory(t *testing.T) {
	cpu := made(t, two)
	gpu := mustOpen(t, cpu)
	mustSession(t, gpu, 1, 16).Decode(context.Background(), []lm.Feed{{Tokens: []int32{1}}})
	allocate, left := gpu.device.call.AllocateMemory, 0
	gpu.device.call.AllocateMemory = purego.NewCallback(func(device, info, allocator, memory uintptr) uintptr {
		if left--; left < 0 {
			return ^uintptr(1) // VK_ERROR_OUT_OF_DEVICE_MEMORY
		}
		r, _, _ := purego.SyscallN(allocate, device, info, allocator, memory)
		return r
	})
	for room := range 12 {
		left = room
		if s, err := gpu.NewSession(1, 16); s != nil || !errors.Is(err, ErrDevice) {
			t.Fatalf("room for %d buffers: %v", room, err)
		}
	}
	left = 1000
	compare(t, mustSession(t, cpu, 2, 16), mustSession(t, gpu, 2, 16), []lm.Feed{{Tokens: []int32{1, 2, 3}}, {Lane: 1, Tokens: []int32{4}}})
}

// Where there is no room for many lanes few prove the device; where there is none for what a
// workgroup shares, nothing is compiled.
func TestSmallDevice(t *testing.T) {
	cpu := made(t, two)
	gpu := mustOpen(t, cpu)
	gpu.device.bufferSize = 1 << 18
	compare(t, mustSession(t, cpu, 1, 160), mustSession(t, gpu, 1, 160), []lm.Feed{{Tokens: make([]int32, 150)}})
	gpu.device.shared = 8 << 10
	if s, err := gpu.NewSession(1, 100); s != nil || !errors.Is(err, ErrTooLarge) {
		t.Errorf("error is %v", err)
	}
}

// Wrong requests for weights are refused.
func TestWeights(t *testing.T) {
	gpu := mustOpen(t, made(t, two)) // which has compared weights with those of a coder
	s := mustSession(t, gpu, 2, 10).(lm.Weigher)
	ctx := context.Background()
	feeds := []lm.Feed{{Tokens: []int32{1}}, {Lane: 1, Tokens: []int32{2}}}
	if err := s.Decode(ctx, feeds); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Weights(ctx, make([]lm.BlockOf, 1)); err == nil {
		t.Error("rows of logits have weights")
	}
	s.Weigh(true)
	if _, err := s.Weights(ctx, make([]lm.BlockOf, 1)); err == nil {
		t.Error("no rows have weights")
	}
	if err := s.Decode(ctx, feeds); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range [][]lm.BlockOf{{{Row: 2}}, {{Row: -1}}, {{Block: 8}}, {{Block: -1}}, make([]lm.BlockOf, 3)} {
		if _, err := s.Weights(ctx, wrong); err == nil {
			t.Errorf("there are weights of %v", wrong)
		}
	}
	got, err := s.Weights(ctx, []lm.BlockOf{{Row: 1, Block: 7}, {Block: 3}})
	if err != nil || len(got) != 2 {
		t.Fatal(err)
	}
	for i, block := range []uint64{s.Logits(1).Sums[7], s.Logits(0).Sums[3]} {
		for _, w := range got[i] {
			block -= uint64(w)
		}
		if block != 0 {
			t.Errorf("the weights of block %d are not those that its sum is of", i)
		}
	}
	if got, err := s.Weights(ctx, nil); len(got) != 0 || err != nil {
		t.Error(got, err)
	}
}

// A device that computes something else is refused: here one weight differs.
func TestDiffers(t *testing.T) {
	cpu := made(t, two)
	d, err := openDevice(deviceNumber(t))
	if err != nil {
		t.Fatal(err)
	}
	g := newModel(cpu, d)
	defer g.Close()
	w := cpu.Weights()
	w.Blocks[1].Down.Values[77] ^= 1
	if err := g.load(w); err != nil {
		t.Fatal(err)
	}
	for _, window := range []int{25, 160} {
		if s, err := g.NewSession(1, window); s != nil || !errors.Is(err, ErrDiffers) {
			t.Errorf("error is %v, want %v", err, ErrDiffers)
		}
	}
}

// A process opens a device as often as it likes.
func TestOpenOften(t *testing.T) {
	n := deviceNumber(t)
	for range 40 {
		if _, err := Devices(); err != nil {
			t.Fatal(err)
		}
		d, err := openDevice(n)
		if err != nil {
			t.Fatal(err)
		}
		d.close()
	}
}

func TestNoDevice(t *testing.T) {
	deviceNumber(t)
	cpu := made(t, two)
	for _, n := range []int{-1, 99} {
		if g, err := Open(context.Background(), cpu, n); g != nil || !errors.Is(err, ErrNoDevice) {
			t.Errorf("error is %v, want %v", err, ErrNoDevice)
		}
	}
}
