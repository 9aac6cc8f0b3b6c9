package exact

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// pack is rows of k values in panels pitch bytes apart, with values beyond the panels that nobody may
// use.
func pack(bias byte, w [][]int8, pitch int) []byte {
	packed := make([]byte, len(w)/panelRows*pitch)
	for i := range packed {
		packed[i] = 0x55
	}
	for r, row := range w {
		for c, v := range row {
			packed[r/panelRows*pitch+c/4*4*panelRows+r%panelRows*4+c%4] = byte(v) + bias
		}
	}
	return packed
}

// product is a matmul of random values.
type product struct {
	panels, n, k           int
	yExtra, wExtra, xExtra int // of the pitches, beyond what is needed
	seed                   uint64
}

// check compares all kernels with the definition.
func (p product) check(t *testing.T) {
	t.Helper()
	r := rand.New(rand.NewPCG(p.seed, 0))
	var value func() int8
	switch p.seed % 4 {
	case 0: // greatest sums of one sign
		value = func() int8 { return 127 }
	case 1:
		value = func() int8 { return int8(127 - 254*r.IntN(2)) }
	default:
		value = func() int8 { return int8(r.IntN(255) - 127) }
	}
	rows := panelRows * p.panels
	yPitch, wPitch, xPitch := rows+p.yExtra, panelRows*p.k+p.wExtra, p.k+p.xExtra
	w := make([][]int8, rows)
	negative := p.seed%8 == 0
	for i := range w {
		w[i] = make([]int8, p.k)
		for c := range w[i] {
			if w[i][c] = value(); negative {
				w[i][c] = -w[i][c]
			}
		}
	}
	// What lies between the vectors belongs to no product.
	x := make([]int8, p.n*xPitch)
	for i := range x {
		x[i] = value()
	}
	const untouched = 0x5a5a5a5a
	want := make([]int32, p.n*yPitch+16)
	for i := range want {
		want[i] = untouched
	}
	for j := range p.n {
		for i, row := range w {
			sum := int32(0)
			for c, v := range row {
				sum += int32(v) * int32(x[j*xPitch+c])
			}
			want[j*yPitch+i] = sum
		}
	}
	for _, k := range kernels {
		got := make([]int32, len(want))
		for i := range got {
			got[i] = untouched
		}
		// No byte beyond the last panel, row or vector.
		packed := slices.Clip(pack(k.bias, w, wPitch)[:(p.panels-1)*wPitch+panelRows*p.k])
		k.matmul(got[:(p.n-1)*yPitch+rows], yPitch, packed, wPitch, p.panels, x[:(p.n-1)*xPitch+p.k], xPitch, p.n, p.k)
		for i, v := range got {
			if v != want[i] {
				t.Fatalf("%s, %+v: vector %d, row %d: %d, want %d", k.name, p, i/yPitch, i%yPitch, v, want[i])
			}
		}
	}
}

func TestMatmul(t *testing.T) {
	seed := uint64(0)
	for _, k := range []int{4, 8, 12, 28, 32, 60, 64, 68, 128, 256, 352, 704, 1056} {
		for _, panels := range []int{1, 2, 3, 4, 5, 7, 16} {
			for _, n := range []int{1, 2, 3, 4, 7, 8, 9, 15, 16, 32, 37} {
				if testing.Short() && panels*n*k > 20000 {
					continue
				}
				product{panels, n, k, int(seed % 5), 64 * int(seed%3), int(seed % 7), seed}.check(t)
				seed++
			}
		}
	}
	for k := 4; k <= 512; k += 4 { // as over the values of attention
		product{4, 8, k, 0, panelRows * (512 - k), 0, uint64(k) / 4}.check(t)
	}
}

func FuzzMatmul(f *testing.F) {
	f.Add(uint8(4), uint8(8), uint16(64), uint8(0), uint8(0), uint8(0), uint64(0))
	f.Fuzz(func(t *testing.T, panels, n uint8, k uint16, yExtra, wExtra, xExtra uint8, seed uint64) {
		product{
			1 + int(panels)%12, 1 + int(n)%40, 4 + 4*(int(k)%264), int(yExtra), int(wExtra), int(xExtra), seed,
		}.check(t)
	})
}

// A matmul of what is not there panics before it reads or writes.
func TestMatmulBounds(t *testing.T) {
	for _, k := range kernels {
		for name, call := range map[string]func(y []int32, w []byte, x []int8){
			"y":        func(y []int32, w []byte, x []int8) { k.matmul(y[1:], 32, w, 1024, 2, x, 64, 3, 64) },
			"w":        func(y []int32, w []byte, x []int8) { k.matmul(y, 32, w[1:], 1024, 2, x, 64, 3, 64) },
			"x":        func(y []int32, w []byte, x []int8) { k.matmul(y, 32, w, 1024, 2, x[1:], 64, 3, 64) },
			"k":        func(y []int32, w []byte, x []int8) { k.matmul(y, 32, w, 1024, 2, x, 64, 3, 62) },
			"n":        func(y []int32, w []byte, x []int8) { k.matmul(y, 32, w, 1024, 2, x, 64, 0, 64) },
			"negative": func(y []int32, w []byte, x []int8) { k.matmul(y, -1, w, 1024, 2, x, 64, 3, 64) },
		} {
			y := make([]int32, 96)
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic for a wrong %s", k.name, name)
					}
				}()
				call(y, make([]byte, 2048), make([]int8, 192))
			}()
			if slices.ContainsFunc(y, func(v int32) bool { return v != 0 }) {
				t.Errorf("%s: wrote before it panicked", k.name)
			}
		}
	}
}

// The products of a step of base: embedding 256, 4 layers, 4096 tokens.
func BenchmarkMatmul(b *testing.B) {
	type matrix struct{ rows, k int }
	var all []matrix
	for range 4 {
		all = append(all, matrix{384, 256}, matrix{256, 256}, matrix{1408, 256}, matrix{256, 704})
	}
	all = append(all, matrix{4096, 256})
	macs := 0
	for _, m := range all {
		macs += m.rows * m.k
	}
	w := make([]byte, macs)
	for i := range w {
		w[i] = byte(rand.IntN(255) - 127)
	}
	for _, k := range kernels {
		for _, n := range []int{1, 2, 4, 8, 16} {
			b.Run(fmt.Sprintf("%s/%d", k.name, n), func(b *testing.B) {
				x, y := make([]int8, n*704), make([]int32, n*4096)
				for b.Loop() {
					at := 0
					for _, m := range all {
						k.matmul(y, m.rows, w[at:], panelRows*m.k, m.rows/panelRows, x, m.k, n, m.k)
						at += m.rows * m.k
					}
				}
				tokens := float64(b.N) * float64(n) / b.Elapsed().Seconds()
				b.ReportMetric(tokens, "tokens/s")
				b.ReportMetric(tokens*float64(macs)/1e9, "GMAC/s")
			})
		}
	}
}

// The products of attention: a head of 64 over a window of 256, keys and then values.
func BenchmarkMatmulAttention(b *testing.B) {
	const window, head = 256, 64
	w, x, y := make([]byte, window*head), make([]int8, 8*window), make([]int32, 8*window)
	for i := range w { // pages that nobody wrote are one page of the machine
		w[i] = byte(rand.IntN(255) - 127)
	}
	for _, k := range kernels {
		for _, n := range []int{2, 4} {
			b.Run(fmt.Sprintf("%s/keys/%d", k.name, n), func(b *testing.B) {
				for b.Loop() {
					k.matmul(y, window, w, panelRows*head, window/panelRows, x, head, n, head)
				}
				b.ReportMetric(float64(b.N)*window*head*float64(n)/b.Elapsed().Seconds()/1e9, "GMAC/s")
			})
			b.Run(fmt.Sprintf("%s/values/%d", k.name, 2*n), func(b *testing.B) {
				for b.Loop() {
					k.matmul(y, head, w, panelRows*window, head/panelRows, x, window, 2*n, window)
				}
				b.ReportMetric(float64(b.N)*window*head*float64(2*n)/b.Elapsed().Seconds()/1e9, "GMAC/s")
			})
		}
	}
}
