//go:build amd64 && !purego

package exact

//go:generate go -C _asm run . -out ../matmul_amd64.s -stubs ../matmul_stubs_amd64.go -pkg exact

import "github.com/klauspost/cpuid/v2"

// isa is an instruction set for which there is a kernel in assembly.
type isa int

const (
	avx2 isa = iota
	avxVNNI
	avx512VNNI
)

func machineKernels() []kernel {
	var k []kernel
	if cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512VNNI) {
		k = append(k, kernel{"avx512vnni", 128, avx512VNNI.matmul})
	}
	if cpuid.CPU.Supports(cpuid.AVX2, cpuid.AVXVNNI) {
		k = append(k, kernel{"avxvnni", 128, avxVNNI.matmul})
	}
	if cpuid.CPU.Supports(cpuid.AVX2) {
		k = append(k, kernel{"avx2", 0, avx2.matmul})
	}
	return k
}

func (s isa) matmul(y []int32, yPitch int, w []byte, wPitch, panels int, x []int8, xPitch, n, k int) {
	checkMatmul(y, yPitch, w, wPitch, panels, x, xPitch, n, k)
	var start [32]int32 // what the sums begin with
	for ; n > 0; n -= len(start) {
		vectors := min(n, len(start))
		s.starts(&start[0], &x[0], xPitch, vectors, k)
		count := panelsAtOnce(panels, vectors, k)
		for p := 0; p < panels; p += count {
			for j := 0; j < vectors; {
				j += s.tile(vectors-j, &y[j*yPitch+p*panelRows], yPitch, &w[p*wPitch], wPitch,
					min(count, panels-p), &x[j*xPitch], xPitch, k, &start[j])
			}
		}
		if vectors < n {
			y, x = y[vectors*yPitch:], x[vectors*xPitch:]
		}
	}
}

func (s isa) starts(start *int32, x *int8, xPitch, n, k int) {
	switch s {
	case avx512VNNI:
		startsAVX512VNNI(start, x, xPitch, n, k)
	case avxVNNI:
		startsAVXVNNI(start, x, xPitch, n, k)
	}
}

// tile multiplies as many of n vectors as it has registers for, and returns their number.
func (s isa) tile(n int, y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int, start *int32) int {
	switch {
	case s == avx512VNNI && n >= 8:
		tile8AVX512VNNI(y, yPitch, w, wPitch, panels, x, xPitch, k, start)
		return 8
	case s == avx512VNNI && n >= 4:
		tile4AVX512VNNI(y, yPitch, w, wPitch, panels, x, xPitch, k, start)
		return 4
	case s == avx512VNNI && n >= 2:
		tile2AVX512VNNI(y, yPitch, w, wPitch, panels, x, xPitch, k, start)
		return 2
	case s == avx512VNNI:
		tile1AVX512VNNI(y, yPitch, w, wPitch, panels, x, xPitch, k, start)
	case s == avxVNNI && n >= 4:
		tile4AVXVNNI(y, yPitch, w, wPitch, panels, x, xPitch, k, start)
		return 4
	case s == avxVNNI && n >= 2:
		tile2AVXVNNI(y, yPitch, w, wPitch, panels, x, xPitch, k, start)
		return 2
	case s == avxVNNI:
		tile1AVXVNNI(y, yPitch, w, wPitch, panels, x, xPitch, k, start)
	case n >= 4:
		tile4AVX2(y, yPitch, w, wPitch, panels, x, xPitch, k)
		return 4
	case n >= 2:
		tile2AVX2(y, yPitch, w, wPitch, panels, x, xPitch, k)
		return 2
	default:
		tile1AVX2(y, yPitch, w, wPitch, panels, x, xPitch, k)
	}
	return 1
}
