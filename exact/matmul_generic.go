package exact

import "math/bits"

// matmulGeneric is the reference.
func matmulGeneric(y []int32, yPitch int, w []byte, wPitch, panels int, x []int8, xPitch, n, k int) {
	checkMatmul(y, yPitch, w, wPitch, panels, x, xPitch, n, k)
	for p := range panels {
		for r := 0; r < panelRows; r += 4 {
			rows := w[p*wPitch+4*r:]
			sums := func(j int) *[4]int32 { return (*[4]int32)(y[j*yPitch+p*panelRows+r:]) }
			j := 0
			for ; bits.UintSize == 64 && j+1 < n; j += 2 {
				dotPair(sums(j), sums(j+1), rows, x[j*xPitch:][:k], x[(j+1)*xPitch:][:k])
			}
			for ; j < n; j++ {
				dot(sums(j), rows, x[j*xPitch:][:k])
			}
		}
	}
}

// dot sets y to the products of 4 rows of a panel with x.
func dot(y *[4]int32, w []byte, x []int8) {
	var s0, s1, s2, s3 int32
	for len(x) >= 4 && len(w) >= 16 {
		x0, x1, x2, x3 := int32(x[0]), int32(x[1]), int32(x[2]), int32(x[3])
		s0 += int32(int8(w[0]))*x0 + int32(int8(w[1]))*x1 + int32(int8(w[2]))*x2 + int32(int8(w[3]))*x3
		s1 += int32(int8(w[4]))*x0 + int32(int8(w[5]))*x1 + int32(int8(w[6]))*x2 + int32(int8(w[7]))*x3
		s2 += int32(int8(w[8]))*x0 + int32(int8(w[9]))*x1 + int32(int8(w[10]))*x2 + int32(int8(w[11]))*x3
		s3 += int32(int8(w[12]))*x0 + int32(int8(w[13]))*x1 + int32(int8(w[14]))*x2 + int32(int8(w[15]))*x3
		x, w = x[4:], w[min(len(w), 4*panelRows):]
	}
	*y = [4]int32{s0, s1, s2, s3}
}

// dotPair is dot of two vectors at once, whose sums lie in the halves of 64 bits. A borrow of the
// lower one is given back at the end.
func dotPair(ya, yb *[4]int32, w []byte, a, b []int8) {
	var s0, s1, s2, s3 int64
	for len(a) >= 4 && len(b) >= 4 && len(w) >= 16 {
		x0, x1 := int64(a[0])+int64(b[0])<<32, int64(a[1])+int64(b[1])<<32
		x2, x3 := int64(a[2])+int64(b[2])<<32, int64(a[3])+int64(b[3])<<32
		s0 += int64(int8(w[0]))*x0 + int64(int8(w[1]))*x1 + int64(int8(w[2]))*x2 + int64(int8(w[3]))*x3
		s1 += int64(int8(w[4]))*x0 + int64(int8(w[5]))*x1 + int64(int8(w[6]))*x2 + int64(int8(w[7]))*x3
		s2 += int64(int8(w[8]))*x0 + int64(int8(w[9]))*x1 + int64(int8(w[10]))*x2 + int64(int8(w[11]))*x3
		s3 += int64(int8(w[12]))*x0 + int64(int8(w[13]))*x1 + int64(int8(w[14]))*x2 + int64(int8(w[15]))*x3
		a, b, w = a[4:], b[4:], w[min(len(w), 4*panelRows):]
	}
	for i, s := range [4]int64{s0, s1, s2, s3} {
		ya[i] = int32(s)
		yb[i] = int32((s - int64(int32(s))) >> 32)
	}
}
