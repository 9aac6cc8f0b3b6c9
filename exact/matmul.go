package exact

// A kernel multiplies matrices of int8 with vectors of int8. All kernels give the same sums, since
// those of integers have no order.
//
// A matrix is packed in panels of 16 rows. A panel holds, for each 4 columns, 16 rows of 4 bytes.
type kernel struct {
	name string

	// bias is what the kernel wants added to each value of a matrix, modulo 256.
	bias byte

	// matmul sets y[j*yPitch+r] to the sum over c < k of w[r][c]*x[j*xPitch+c], for each vector
	// j < n and each row r of the panels. Values are -127 to 127. k is a multiple of 4 of up to
	// 1<<17, panels are wPitch bytes apart.
	matmul func(y []int32, yPitch int, w []byte, wPitch, panels int, x []int8, xPitch, n, k int)
}

// panelRows is the number of rows of a panel.
const panelRows = 16

// kernels are those that this machine can run, the fastest first.
var kernels = append(machineKernels(), kernel{"generic", 0, matmulGeneric})

// Kernel is the name of the kernel in use, for messages: it bears on speed only.
func Kernel() string { return kernels[0].name }

// checkMatmul panics unless all that a matmul touches lies in its slices.
func checkMatmul(y []int32, yPitch int, w []byte, wPitch, panels int, x []int8, xPitch, n, k int) {
	if min(yPitch, wPitch, xPitch) < 0 || min(panels, n, k) < 1 || k%4 != 0 {
		panic("exact: matmul of a negative pitch, of nothing, or of columns that are no multiple of 4")
	}
	_ = y[(n-1)*yPitch:][:panelRows*panels]
	_ = w[(panels-1)*wPitch:][:panelRows*k]
	_ = x[(n-1)*xPitch:][:k]
}
