//go:build arm64 && !purego

package exact

func machineLanes() lanes { return 4 }

func (lanes) maxAbs(x *int32, n int) (most uint32) { return maxAbsNEON(x, n) }

func (lanes) step(q *int8, x *int32, n, shift, factor int) {
	stepNEON(q, x, n, shift, factor)
}

func (lanes) normalize(y, x *int32, weight *int16, n int) (squares uint64, most uint32) {
	return normalizeNEON(y, x, weight, n)
}

func (lanes) rescale(y, sums *int32, rows *uint16, n, m, drop, shift, limit int) (most uint32) {
	return rescaleNEON(y, sums, rows, n, m, drop, shift, limit)
}

func (lanes) accumulate(x, sums *int32, rows *uint16, n, m, drop, shift, limit int) {
	accumulateNEON(x, sums, rows, n, m, drop, shift, limit)
}

func (lanes) gate(y, in, u *int32, n, gShift, uShift int, sigmoid *uint16) (most uint32) {
	return gateNEON(y, in, u, n, gShift, uShift, sigmoid)
}

func (lanes) rotate(y, x *int32, turn *int16, n, shift int) (most uint32) {
	return rotateNEON(y, x, turn, n, shift)
}

func (lanes) scoreSteps(scores, steps *int32, n, stepShift, m, shift int) (top int32) {
	return scoreStepsNEON(scores, steps, n, stepShift, m, shift)
}

func (lanes) weigh(hi, lo *int8, scores, steps *int32, n, top, stepShift int) (total int32) {
	return weighNEON(hi, lo, scores, steps, n, top, stepShift)
}

func (lanes) combine(y, hi, lo *int32, n, m, shift int) (most uint32) {
	return combineNEON(y, hi, lo, n, m, shift)
}

//go:noescape
func maxAbsNEON(x *int32, n int) (most uint32)

//go:noescape
func stepNEON(q *int8, x *int32, n, shift, factor int)

//go:noescape
func normalizeNEON(y, x *int32, weight *int16, n int) (squares uint64, most uint32)

//go:noescape
func rescaleNEON(y, sums *int32, rows *uint16, n, m, drop, shift, limit int) (most uint32)

//go:noescape
func accumulateNEON(x, sums *int32, rows *uint16, n, m, drop, shift, limit int)

//go:noescape
func gateNEON(y, in, u *int32, n, gShift, uShift int, sigmoid *uint16) (most uint32)

//go:noescape
func rotateNEON(y, x *int32, turn *int16, n, shift int) (most uint32)

//go:noescape
func scoreStepsNEON(scores, steps *int32, n, stepShift, m, shift int) (top int32)

//go:noescape
func weighNEON(hi, lo *int8, scores, steps *int32, n, top, stepShift int) (total int32)

//go:noescape
func combineNEON(y, hi, lo *int32, n, m, shift int) (most uint32)
