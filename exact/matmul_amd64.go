//go:build amd64 && !purego

package exact

//go:generate go -C _asm run . -out ../matmul_amd64.s -stubs ../matmul_stubs_amd64.go -pkg exact

import "github.com/klauspost/cpuid/v2"

// machineKernels are the kernels in assembly.
func machineKernels() []kernel {
	var k []kernel
	if cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512VNNI) {
		k = append(k, kernel{"avx512vnni", 128, matmulAVX512VNNI})
	}
	return k
}

func matmulAVX512VNNI(y []int32, yPitch int, w []byte, wPitch, panels int, x []int8, xPitch, n, k int) {
	checkMatmul(y, yPitch, w, wPitch, panels, x, xPitch, n, k)
	var start [32]int32
	for first := 0; first < n; first += len(start) {
		vectors := min(n-first, len(start))
		startsAVX512VNNI(&start[0], &x[first*xPitch], xPitch, vectors, k)
		step := panelsAtOnce(panels, vectors, k)
		for p := 0; p < panels; p += step {
			count, w := min(step, panels-p), &w[p*wPitch]
			for j := 0; j < vectors; {
				y, x, start := &y[(first+j)*yPitch+p*panelRows], &x[(first+j)*xPitch], &start[j]
				switch left := vectors - j; {
				case left >= 8:
					tile8AVX512VNNI(y, yPitch, w, wPitch, count, x, xPitch, k, start)
					j += 8
				case left >= 4:
					tile4AVX512VNNI(y, yPitch, w, wPitch, count, x, xPitch, k, start)
					j += 4
				case left >= 2:
					tile2AVX512VNNI(y, yPitch, w, wPitch, count, x, xPitch, k, start)
					j += 2
				default:
					tile1AVX512VNNI(y, yPitch, w, wPitch, count, x, xPitch, k, start)
					j++
				}
			}
		}
	}
}
