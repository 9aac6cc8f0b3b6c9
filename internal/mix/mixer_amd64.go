//go:build amd64 && !purego

package mix

//go:generate go -C _asm run . -out ../mixer_amd64.s -stubs ../mixer_stubs_amd64.go -pkg mix

import "github.com/klauspost/cpuid/v2"

var hasAVX2 = cpuid.CPU.Supports(cpuid.AVX2)

func dot(x []int16, hi []int16, rows, out []int32) {
	if hasAVX2 {
		dotAVX2(&x[0], len(x), &hi[0], &rows[0], &out[0], len(rows))
		return
	}
	dotGeneric(x, hi, rows, out)
}

// rowMasks[3-n:] keeps the first n of three numbers, in assembly.
//
//lint:ignore U1000 mixAVX2 reads it
var rowMasks = [7]int32{-1, -1, -1}

func mix(x []int16, w []block, rows *[maxSets]int32, k int, outs *[maxSets + 1]int32, y []int16, finalW []block, finalRows *[finalSets]int32, finalOuts *[finalSets + 1]int32) {
	if hasAVX2 {
		mixAVX2(&x[0], len(x), &w[0].hi[0], &rows[0], k, &outs[0], &y[0], &finalW[0].hi[0], &finalRows[0], &finalOuts[0])
		return
	}
	mixGeneric(x, w, rows[:k], outs[:k], y, finalW, finalRows[:], finalOuts[:finalSets])
}

func adjust(x []int16, w []block, rows, errs []int32) {
	if hasAVX2 {
		adjustAVX2(&x[0], len(x), &w[0].hi[0], &rows[0], &errs[0], len(rows))
		return
	}
	adjustGeneric(x, w, rows, errs)
}

func train(x []int16, hi []int16, lo []uint16, rows, errs []int32) {
	if hasAVX2 {
		trainAVX2(&x[0], len(x), &hi[0], &lo[0], &rows[0], &errs[0], len(rows))
		return
	}
	trainGeneric(x, hi, lo, rows, errs)
}

// findLines is findLinesGeneric, and asks for the lines, which are in t. at and checks have room
// for a multiple of 8.
func findLines(t []byte, hashes []uint32, salt, bits uint32, at, checks []uint32) {
	if hasAVX2 {
		n := len(hashes)
		all := (n + 7) &^ 7
		hashes, at, checks = hashes[:all], at[:all], checks[:all]
		findLinesAVX2(&t[0], &hashes[0], n, salt, 32-bits, &at[0], &checks[0])
		return
	}
	findLinesGeneric(hashes, salt, bits, at, checks)
}

func findSlots(t []byte, at, checks, slots []uint32) {
	findSlotsScalar(&t[0], &at[0], &checks[0], &slots[0], len(at))
}

// prefetchCurves asks for the curves that begin at points.
func prefetchCurves(a apm, points []uint32) { prefetchTwoLines(&a[0], &points[0], len(points)) }

// prefetchNodes asks for the lines of probabilities that begin at the offsets at.
func prefetchNodes(probs, at []uint32) { prefetchLines(&probs[0], &at[0], len(at)) }

func predictStates(slots []byte, slot []uint32, node uint32, maps [][256]uint32, states []uint8, x []int16) {
	predictStatesScalar(&slots[node], &slot[0], &maps[0], &states[0], &x[0], len(slot))
}

func learnStates(slots []byte, slot []uint32, node uint32, maps [][256]uint32, states []uint8, y, limit uint32) {
	learnStatesScalar(&slots[node], &slot[0], &maps[0], &states[0], len(slot), y, limit)
}
