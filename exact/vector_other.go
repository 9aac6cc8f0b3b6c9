//go:build (!amd64 && !arm64) || purego

package exact

func machineLanes() lanes { return 0 }

func maxAbs(x []int32) uint32 {
	return maxAbsGeneric(x)
}

func normalize(y, x []int32, weight []int16) (squares uint64, most uint32) {
	return normalizeGeneric(y, x, weight)
}

func rescale(y, sums []int32, rows []uint16, r rescaling) (most uint32) {
	return rescaleGeneric(y, sums, rows, r)
}

func accumulate(x, sums []int32, rows []uint16, r rescaling) {
	accumulateGeneric(x, sums, rows, r)
}

func step(q []int8, x []int32, shift int, factor int32) {
	stepGeneric(q, x, shift, factor)
}

func gateShifted(y, g, u []int32, sigmoid *sigmoids, gs, us int) (most uint32) {
	return gateShiftedGeneric(y, g, u, sigmoid, gs, us)
}

func rotateShifted(y, x []int32, turn []int16, shift int) (most uint32) {
	return rotateShiftedGeneric(y, x, turn, shift)
}

func scoreSteps(scores, steps []int32, stepShift int, m int32, shift int) (top int32) {
	return scoreStepsGeneric(scores, steps, stepShift, m, shift)
}

func weigh(hi, lo []int8, scores, steps []int32, top int32, stepShift int) (total int32) {
	return weighGeneric(hi, lo, scores, steps, top, stepShift)
}

func combineShifted(y, hi, lo []int32, m uint32, shift int) (most uint32) {
	return combineShiftedGeneric(y, hi, lo, m, shift)
}
