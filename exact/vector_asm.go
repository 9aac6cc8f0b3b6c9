//go:build (amd64 || arm64) && !purego

package exact

func maxAbs(x []int32) (most uint32) {
	n := vectors.whole(len(x), 1)
	if n > 0 {
		most = vectors.maxAbs(&x[0], n)
	}
	if 0 < n && n < len(x) {
		return max(most, maxAbs(x[len(x)-int(vectors):]))
	}
	return max(most, maxAbsGeneric(x[n:]))
}

func step(q []int8, x []int32, shift int, factor int32) {
	q = q[:len(x)]
	n := vectors.whole(len(x), 4)
	if n > 0 {
		vectors.step(&q[0], &x[0], n, shift, int(factor))
	}
	stepGeneric(q[n:], x[n:], shift, factor)
}

func normalize(y, x []int32, weight []int16) (squares uint64, most uint32) {
	y, weight = y[:len(x)], weight[:len(x)]
	n := vectors.whole(len(x), 1)
	if n > 0 {
		squares, most = vectors.normalize(&y[0], &x[0], &weight[0], n)
	}
	s, m := normalizeGeneric(y[n:], x[n:], weight[n:])
	return squares + s, max(most, m)
}

func rescale(y, sums []int32, rows []uint16, r rescaling) (most uint32) {
	y, rows = y[:len(sums)], rows[:len(sums)]
	n := vectors.whole(len(sums), 1)
	if n > 0 {
		most = vectors.rescale(&y[0], &sums[0], &rows[0], n, int(r.m), r.drop, r.shift, int(r.limit))
	}
	return max(most, rescaleGeneric(y[n:], sums[n:], rows[n:], r))
}

func accumulate(x, sums []int32, rows []uint16, r rescaling) {
	x, rows = x[:len(sums)], rows[:len(sums)]
	n := vectors.whole(len(sums), 1)
	if n > 0 {
		vectors.accumulate(&x[0], &sums[0], &rows[0], n, int(r.m), r.drop, r.shift, int(r.limit))
	}
	accumulateGeneric(x[n:], sums[n:], rows[n:], r)
}

func gateShifted(y, g, u []int32, sigmoid *sigmoids, gs, us int) (most uint32) {
	y, u = y[:len(g)], u[:len(g)]
	n := vectors.whole(len(g), 1)
	if n > 0 {
		most = vectors.gate(&y[0], &g[0], &u[0], n, gs, us, &sigmoid[0])
	}
	return max(most, gateShiftedGeneric(y[n:], g[n:], u[n:], sigmoid, gs, us))
}

func rotateShifted(y, x []int32, turn []int16, shift int) (most uint32) {
	y, x = y[:len(turn)], x[:len(turn)]
	n := vectors.whole(len(turn), 2)
	if n > 0 {
		most = vectors.rotate(&y[0], &x[0], &turn[0], n, shift)
	}
	return max(most, rotateShiftedGeneric(y[n:], x[n:], turn[n:], shift))
}

func scoreSteps(scores, steps []int32, stepShift int, m int32, shift int) (top int32) {
	steps, top = steps[:len(scores)], -1<<31
	n := vectors.whole(len(scores), 1)
	if n > 0 {
		top = vectors.scoreSteps(&scores[0], &steps[0], n, stepShift, int(m), shift)
	}
	return max(top, scoreStepsGeneric(scores[n:], steps[n:], stepShift, m, shift))
}

func weigh(hi, lo []int8, scores, steps []int32, top int32, stepShift int) (total int32) {
	lo, steps = lo[:len(hi)], steps[:len(scores)]
	_ = hi[:len(scores)]
	n := vectors.whole(len(scores), 2)
	if n > 0 {
		total = vectors.weigh(&hi[0], &lo[0], &scores[0], &steps[0], n, int(top), stepShift)
	}
	return total + weighGeneric(hi[n:], lo[n:], scores[n:], steps[n:], top, stepShift)
}

func combineShifted(y, hi, lo []int32, m uint32, shift int) (most uint32) {
	hi, lo = hi[:len(y)], lo[:len(y)]
	n := vectors.whole(len(y), 1)
	if n > 0 {
		most = vectors.combine(&y[0], &hi[0], &lo[0], n, int(m), shift)
	}
	return max(most, combineShiftedGeneric(y[n:], hi[n:], lo[n:], m, shift))
}
