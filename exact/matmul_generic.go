package exact

// matmulGeneric is the reference.
func matmulGeneric(y []int32, yPitch int, w []byte, wPitch, panels int, x []int8, xPitch, n, k int) {
	checkMatmul(y, yPitch, w, wPitch, panels, x, xPitch, n, k)
	for p := range panels {
		for j := range n {
			xs, ys := x[j*xPitch:][:k], y[j*yPitch+p*panelRows:][:panelRows]
			for r := 0; r < panelRows; r += 4 {
				dot4((*[4]int32)(ys[r:]), w[p*wPitch+4*r:], xs)
			}
		}
	}
}

// dot4 sets y to the products of 4 rows of a panel with x.
func dot4(y *[4]int32, w []byte, x []int8) {
	var a, b, c, d int32
	for len(x) >= 4 && len(w) >= 16 {
		x0, x1, x2, x3 := int32(x[0]), int32(x[1]), int32(x[2]), int32(x[3])
		a += int32(int8(w[0]))*x0 + int32(int8(w[1]))*x1 + int32(int8(w[2]))*x2 + int32(int8(w[3]))*x3
		b += int32(int8(w[4]))*x0 + int32(int8(w[5]))*x1 + int32(int8(w[6]))*x2 + int32(int8(w[7]))*x3
		c += int32(int8(w[8]))*x0 + int32(int8(w[9]))*x1 + int32(int8(w[10]))*x2 + int32(int8(w[11]))*x3
		d += int32(int8(w[12]))*x0 + int32(int8(w[13]))*x1 + int32(int8(w[14]))*x2 + int32(int8(w[15]))*x3
		x = x[4:]
		w = w[min(len(w), 4*panelRows):]
	}
	*y = [4]int32{a, b, c, d}
}
