//go:build amd64 && !purego

package exact

//go:generate env GOWORK=off go -C _asm run ./vector -out ../vector_amd64.s -stubs ../vector_stubs_amd64.go -pkg exact

import "github.com/klauspost/cpuid/v2"

func machineLanes() lanes {
	switch {
	case cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512DQ, cpuid.AVX512VL):
		return 16
	case cpuid.CPU.Supports(cpuid.AVX2):
		return 8
	}
	return 0
}

func (l lanes) maxAbs(x *int32, n int) (most uint32) {
	if l == 16 {
		return maxAbsAVX512(x, n)
	}
	return maxAbsAVX2(x, n)
}

func (l lanes) step(q *int8, x *int32, n, shift, factor int) {
	if l == 16 {
		stepAVX512(q, x, n, shift, factor)
	} else {
		stepAVX2(q, x, n, shift, factor)
	}
}

func (l lanes) normalize(y, x *int32, weight *int16, n int) (squares uint64, most uint32) {
	if l == 16 {
		return normalizeAVX512(y, x, weight, n)
	}
	return normalizeAVX2(y, x, weight, n)
}

func (l lanes) rescale(y, sums *int32, rows *uint16, n, m, drop, shift, limit int) (most uint32) {
	if l == 16 {
		return rescaleAVX512(y, sums, rows, n, m, drop, shift, limit)
	}
	return rescaleAVX2(y, sums, rows, n, m, drop, shift, limit)
}

func (l lanes) accumulate(x, sums *int32, rows *uint16, n, m, drop, shift, limit int) {
	if l == 16 {
		accumulateAVX512(x, sums, rows, n, m, drop, shift, limit)
	} else {
		accumulateAVX2(x, sums, rows, n, m, drop, shift, limit)
	}
}

func (l lanes) gate(y, in, u *int32, n, gShift, uShift int, sigmoid *uint16) (most uint32) {
	if l == 16 {
		return gateAVX512(y, in, u, n, gShift, uShift, sigmoid)
	}
	return gateAVX2(y, in, u, n, gShift, uShift, sigmoid)
}

func (l lanes) rotate(y, x *int32, turn *int16, n, shift int) (most uint32) {
	if l == 16 {
		return rotateAVX512(y, x, turn, n, shift)
	}
	return rotateAVX2(y, x, turn, n, shift)
}

func (l lanes) scoreSteps(scores, steps *int32, n, stepShift, m, shift int) (top int32) {
	if l == 16 {
		return scoreStepsAVX512(scores, steps, n, stepShift, m, shift)
	}
	return scoreStepsAVX2(scores, steps, n, stepShift, m, shift)
}

func (l lanes) weigh(hi, lo *int8, scores, steps *int32, n, top, stepShift int) (total int32) {
	if l == 16 {
		return weighAVX512(hi, lo, scores, steps, n, top, stepShift)
	}
	return weighAVX2(hi, lo, scores, steps, n, top, stepShift)
}

func (l lanes) combine(y, hi, lo *int32, n, m, shift int) (most uint32) {
	if l == 16 {
		return combineAVX512(y, hi, lo, n, m, shift)
	}
	return combineAVX2(y, hi, lo, n, m, shift)
}
