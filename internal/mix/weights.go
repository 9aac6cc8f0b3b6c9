package mix

// block is 16 weights, side by side in a cache line. A weight is 32 bits, whose upper half, hi,
// saturates.
type block struct {
	hi [blockSize]int16
	lo [blockSize]uint16
}

const blockSize = 16

// blocks are weights with the upper halves hi, whose number is a multiple of a block's.
func blocks(hi []int16) []block {
	w := make([]block, len(hi)/blockSize)
	for i := range w {
		copy(w[i].hi[:], hi[i*blockSize:])
	}
	return w
}

// upperHalves are those of the weights.
func upperHalves(w []block) []int16 {
	hi := make([]int16, 0, len(w)*blockSize)
	for i := range w {
		hi = append(hi, w[i].hi[:]...)
	}
	return hi
}

// mixGeneric sets outs to what the mixers whose weights begin at the blocks rows make of the inputs
// x, y to the same as inputs of the last mixers, and finalOuts to what those make of them. Sums are
// modulo 2^32, so that the order of additions does not matter.
func mixGeneric(x []int16, w []block, rows, outs []int32, y []int16, finalW []block, finalRows, finalOuts []int32) {
	sums(x, w, rows, outs)
	for j, out := range outs {
		y[j] = int16(out)
	}
	sums(y, finalW, finalRows, finalOuts)
}

// sums sets outs to the sums of the weighted inputs, in the range of stretch.
func sums(x []int16, w []block, rows, outs []int32) {
	for j, row := range rows {
		var sum int32
		for i, b := 0, w[row:]; i+blockSize <= len(x); i, b = i+blockSize, b[1:] {
			part, hi := (*[blockSize]int16)(x[i:]), &b[0].hi
			for k, v := range part {
				sum += int32(v) * int32(hi[k])
			}
		}
		outs[j] = max(-stretchMax, min(stretchMax, sum>>12))
	}
}

// adjustGeneric adds x[i]*errs[j] to weight i of the row that begins at block rows[j]. errs are in
// the range of int16.
func adjustGeneric(x []int16, w []block, rows, errs []int32) {
	for j, row := range rows {
		e := errs[j]
		if e == 0 {
			continue
		}
		for i, b := 0, w[row:]; i+blockSize <= len(x); i, b = i+blockSize, b[1:] {
			part, hi, lo := (*[blockSize]int16)(x[i:]), &b[0].hi, &b[0].lo
			for k, v := range part {
				d := int32(v) * e
				sum := uint32(lo[k]) + uint32(uint16(d))
				lo[k] = uint16(sum)
				hi[k] = int16(saturate(saturate(int32(hi[k])+d>>16) + int32(sum>>16)))
			}
		}
	}
}
