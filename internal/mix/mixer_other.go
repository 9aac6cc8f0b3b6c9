//go:build !amd64 || purego

package mix

func dot(x []int16, hi []int16, rows, out []int32) { dotGeneric(x, hi, rows, out) }

func train(x []int16, hi []int16, lo []uint16, rows, errs []int32) {
	trainGeneric(x, hi, lo, rows, errs)
}

func prefetch([]byte, []uint32) {}
