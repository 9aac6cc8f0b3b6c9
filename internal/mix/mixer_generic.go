package mix

// dotGeneric sets out[j], for each of the k selected rows of weights, to the sum over i < n of
// x[i]*hi[rows[j]+i], modulo 2^32, so that the order of additions does not matter.
func dotGeneric(x []int16, hi []int16, rows, out []int32) {
	for j, row := range rows {
		w := hi[row : int(row)+len(x)]
		var sum int32
		for i, v := range x {
			sum += int32(v) * int32(w[i])
		}
		out[j] = sum
	}
}

// trainGeneric adds x[i]*errs[j] to weight i of row j. A weight is 32 bits, whose upper half, hi,
// saturates and whose lower half is lo. errs are in the range of int16.
func trainGeneric(x []int16, hi []int16, lo []uint16, rows, errs []int32) {
	for j, row := range rows {
		e := errs[j]
		if e == 0 {
			continue
		}
		h, l := hi[row:int(row)+len(x)], lo[row:int(row)+len(x)]
		for i, v := range x {
			d := int32(v) * e
			sum := uint32(l[i]) + uint32(uint16(d))
			l[i] = uint16(sum)
			h[i] = int16(saturate(saturate(int32(h[i])+d>>16) + int32(sum>>16)))
		}
	}
}

func saturate(v int32) int32 { return max(-32768, min(32767, v)) }
