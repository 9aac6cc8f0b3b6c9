//go:build !amd64 || purego

package mix

func dot(x []int16, hi []int16, rows, out []int32) { dotGeneric(x, hi, rows, out) }

func mix(x []int16, w []block, rows *[maxSets]int32, k int, outs *[maxSets + 1]int32, y []int16, finalW []block, finalRows *[finalSets]int32, finalOuts *[finalSets + 1]int32) {
	mixGeneric(x, w, rows[:k], outs[:k], y, finalW, finalRows[:], finalOuts[:finalSets])
}

func adjust(x []int16, w []block, rows, errs []int32) { adjustGeneric(x, w, rows, errs) }

func train(x []int16, hi []int16, lo []uint16, rows, errs []int32) {
	trainGeneric(x, hi, lo, rows, errs)
}

func findLines(_ []byte, hashes []uint32, salt, bits uint32, at, checks []uint32) {
	findLinesGeneric(hashes, salt, bits, at, checks)
}

func findSlots(t []byte, at, checks, slots []uint32) { findSlotsGeneric(t, at, checks, slots) }

func prefetchCurves(apm, []uint32) {}

func prefetchNodes(_, _ []uint32) {}

func predictStates(slots []byte, slot []uint32, node uint32, maps [][256]uint32, states []uint8, x []int16) {
	predictStatesGeneric(slots, slot, node, maps, states, x)
}

func learnStates(slots []byte, slot []uint32, node uint32, maps [][256]uint32, states []uint8, y, limit uint32) {
	learnStatesGeneric(slots, slot, node, maps, states, y, limit)
}
