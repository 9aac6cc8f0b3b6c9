package exact

import (
	"math"
	"math/bits"
	"slices"
)

// matrix is a weight matrix in int8 with a factor for each row, packed for a kernel.
type matrix struct {
	rows, columns int
	packed        []byte   // panels of 16 rows (kernel.matmul)
	factors       []uint16 // of each row, padded to whole panels, in units of unit
	unit          scale
}

func panels(rows int) int { return (rows + panelRows - 1) / panelRows }

// newMatrix quantizes the rows of tensors, one behind the other: each to steps of a 127th of its
// greatest magnitude, rounded to the nearest, halves away from 0. The steps are kept as multiples
// of a 65535th of the greatest one.
func newMatrix(k *kernel, parts ...*tensor) *matrix {
	m := &matrix{columns: parts[0].columns}
	for _, t := range parts {
		m.rows += t.rows
	}
	pitch := panelRows * m.columns
	m.packed = make([]byte, panels(m.rows)*pitch)
	if m.rows%panelRows != 0 {
		last := m.packed[len(m.packed)-pitch:]
		for i := range last {
			last[i] = k.bias
		}
	}
	most := make([]int64, 0, m.rows)
	row := make([]int64, m.columns)
	for _, t := range parts {
		for i := range t.rows {
			t.row(row, i)
			r := len(most)
			most = append(most, quantizeRow(m.packed[r/panelRows*pitch+r%panelRows*4:], k.bias, row))
		}
	}
	greatest := slices.Max(most)
	m.factors = make([]uint16, panels(m.rows)*panelRows)
	for r, v := range most {
		m.factors[r] = uint16((v*math.MaxUint16 + greatest/2) / greatest)
	}
	m.unit = ratio(uint64(greatest), 127*math.MaxUint16, -tensorFraction)
	return m
}

// quantizeRow packs a row, the first of whose bytes is packed[0], and returns its greatest
// magnitude, or 1 if it is all 0.
func quantizeRow(packed []byte, bias byte, row []int64) (most int64) {
	most = 1
	for _, v := range row {
		most = max(most, v, -v)
	}
	step := uint64(2 * most)
	inverse := 1 << 63 / step
	for c, v := range row {
		n := uint64(max(v, -v)*254 + most)
		hi, lo := bits.Mul64(n, inverse)
		q := hi<<1 | lo>>63 // n/step, or 1 less
		if (q+1)*step <= n {
			q++
		}
		if v < 0 {
			q = -q
		}
		packed[c/4*4*panelRows+c%4] = byte(q) + bias
	}
	return most
}
