package exact

type kernel struct {
	name   string
	bias   byte
	matmul func(y []int32, yPitch int, w []byte, wPitch, panels int, x []int8, xPitch, n, k int)
}

var kernels = []kernel{{"generic", 0, matmulGeneric}}

func matmulGeneric(y []int32, yPitch int, w []byte, wPitch, panels int, x []int8, xPitch, n, k int) {
	for p := range panels {
		for j := range n {
			var acc [16]int32
			xs := x[j*xPitch:][:k]
			ws := w[p*wPitch:]
			for c := 0; c < k; c += 4 {
				x0, x1, x2, x3 := int32(xs[c]), int32(xs[c+1]), int32(xs[c+2]), int32(xs[c+3])
				g := ws[c*16:][:64]
				for r := range acc {
					acc[r] += int32(int8(g[4*r]))*x0 + int32(int8(g[4*r+1]))*x1 + int32(int8(g[4*r+2]))*x2 + int32(int8(g[4*r+3]))*x3
				}
			}
			copy(y[j*yPitch+p*16:], acc[:])
		}
	}
}
