//go:build amd64 && !purego

package exact

import "github.com/klauspost/cpuid/v2"

// vectors says whether passes over vectors use AVX2. Tests change it.
var vectors = cpuid.CPU.Supports(cpuid.AVX2, cpuid.BMI2)

// shifts is narrow, or shiftStep, of lanes: shifted to the left, to the right, added to, and shifted
// to the right.
type shifts struct {
	left, right uint64
	more        int32
	last        uint64
}

func narrowing(shift int) shifts {
	if shift <= 0 {
		return shifts{left: uint64(-shift)}
	}
	return shifts{right: uint64(shift - 1), more: 1, last: 1}
}

func stepping(shift int) shifts {
	return shifts{left: uint64(max(0, -shift)), right: uint64(max(0, shift))}
}

//go:noescape
func maxAbsAVX2(x *int32, n int) (most uint32)

//go:noescape
func stepAVX2(q *int8, x *int32, n int, by *shifts, factor int32)

//go:noescape
func normalizeAVX2(y, x *int32, weight *int16, n int) (squares uint64, most uint32)

//go:noescape
func rescaleAVX2(y, sums *int32, rows *uint16, n int, r *rescaling) (most uint32)

//go:noescape
func accumulateAVX2(x, y *int32, n int)

//go:noescape
func gateAVX2(y, gates, u *int32, n int, sigmoid *uint16, gs, us *shifts) (most uint32)

//go:noescape
func rotateAVX2(y, x *int32, turn *int16, n int, by *shifts)

//go:noescape
func scoreStepsAVX2(scores, steps *int32, n int, by *shifts, m int32, shift int) (top int32)

//go:noescape
func weighAVX2(hi, lo *int8, scores, steps *int32, n int, top int32, by *shifts) (total int32)

//go:noescape
func combineAVX2(y, hi, lo *int32, n int, m uint32, shift int)

// whole is the number of elements of n that are taken in groups; the rest is left to the plain
// form.
func whole(n, group int) int {
	if !vectors {
		return 0
	}
	return n - n%group
}

func maxAbs(x []int32) uint32 {
	n := whole(len(x), 8)
	if n == 0 {
		return maxAbsGeneric(x)
	}
	return max(maxAbsAVX2(&x[0], n), maxAbsGeneric(x[n:]))
}

func step(q []int8, x []int32, shift int, factor int32) {
	n := whole(len(x), 32)
	if n > 0 {
		by := narrowing(shift)
		stepAVX2(&q[:n][0], &x[0], n, &by, factor)
	}
	stepGeneric(q[n:], x[n:], shift, factor)
}

func normalize(y, x []int32, weight []int16) (squares uint64, most uint32) {
	n := whole(len(x), 8)
	if n == 0 {
		return normalizeGeneric(y[:len(x)], x, weight)
	}
	squares, most = normalizeAVX2(&y[:n][0], &x[0], &weight[:n][0], n)
	moreSquares, more := normalizeGeneric(y[n:len(x)], x[n:], weight[n:])
	return squares + moreSquares, max(most, more)
}

func rescale(y, sums []int32, rows []uint16, r rescaling) (most uint32) {
	n := whole(len(sums), 8)
	if n > 0 {
		most = rescaleAVX2(&y[:n][0], &sums[0], &rows[:n][0], n, &r)
	}
	return max(most, rescaleGeneric(y[n:], sums[n:], rows[n:], r))
}

func accumulate(x, y []int32) {
	n := whole(len(y), 8)
	if n > 0 {
		accumulateAVX2(&x[:n][0], &y[0], n)
	}
	accumulateGeneric(x[n:], y[n:])
}

func gateShifted(y, g, u []int32, sigmoid *sigmoids, gs, us int) (most uint32) {
	n := whole(len(g), 8)
	if n > 0 {
		by, to := narrowing(gs), narrowing(us)
		most = gateAVX2(&y[:n][0], &g[0], &u[:n][0], n, &sigmoid[0], &by, &to)
	}
	return max(most, gateShiftedGeneric(y[n:], g[n:], u[n:], sigmoid, gs, us))
}

func rotateShifted(y, x []int32, turn []int16, shift int) {
	n := whole(len(turn), 16)
	if n > 0 {
		by := narrowing(shift)
		rotateAVX2(&y[:n][0], &x[:n][0], &turn[0], n, &by)
	}
	rotateShiftedGeneric(y[n:], x[n:], turn[n:], shift)
}

func scoreSteps(scores, steps []int32, stepShift int, m int32, shift int) (top int32) {
	n := whole(len(scores), 8)
	if n == 0 {
		return scoreStepsGeneric(scores, steps, stepShift, m, shift)
	}
	by := stepping(stepShift)
	return max(scoreStepsAVX2(&scores[0], &steps[:n][0], n, &by, m, shift), scoreStepsGeneric(scores[n:], steps[n:], stepShift, m, shift))
}

func weigh(hi, lo []int8, scores, steps []int32, top int32, stepShift int) (total int32) {
	n := whole(len(scores), 16)
	if n > 0 {
		by := stepping(stepShift)
		total = weighAVX2(&hi[:n][0], &lo[:n][0], &scores[0], &steps[:n][0], n, top, &by)
	}
	return total + weighGeneric(hi[n:], lo[n:], scores[n:], steps[n:], top, stepShift)
}

func combineShifted(y, hi, lo []int32, m uint32, shift int) {
	n := whole(len(y), 8)
	if n > 0 {
		combineAVX2(&y[0], &hi[:n][0], &lo[:n][0], n, m, shift)
	}
	combineShiftedGeneric(y[n:], hi[n:], lo[n:], m, shift)
}
