//go:build amd64 && !purego

package exact

//go:generate env GOWORK=off go -C _asm run . -out ../matmul_amd64.s -stubs ../matmul_stubs_amd64.go -pkg exact

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

// starts sets start to what the sums of n vectors begin with.
func (s isa) starts(start *int32, x *int8, xPitch, n, k int) {
	switch s {
	case avx512VNNI:
		startsAVX512VNNI(start, x, xPitch, n, k)
	case avxVNNI:
		startsAVXVNNI(start, x, xPitch, n, k)
	default:
		startsAVX2(start, x, xPitch, n, k)
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
	default:
		tile1AVX2(y, yPitch, w, wPitch, panels, x, xPitch, k, start)
	}
	return 1
}
