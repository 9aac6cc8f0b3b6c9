package exact

import "math"

// matrix is a weight matrix in int8 with a factor for each row, packed for a kernel.
type matrix struct {
	rows, columns int
	packed        []byte   // panels of 16 rows (kernel.matmul)
	factors       []uint16 // of each row, padded to whole panels, in units of unit
	unit          scale
}

func panels(rows int) int { return (rows + panelRows - 1) / panelRows }

// newMatrix quantizes rows of numbers in units of 2^-tensorFraction: each to steps of a 127th of its
// greatest magnitude, rounded to the nearest, halves away from 0. The steps are kept as multiples
// of a 65535th of the greatest one.
func newMatrix(k *kernel, rows [][]int64) *matrix {
	m := &matrix{rows: len(rows), columns: len(rows[0])}
	pitch := panelRows * m.columns
	m.packed = make([]byte, panels(len(rows))*pitch)
	for i := range m.packed {
		m.packed[i] = k.bias
	}
	m.factors = make([]uint16, panels(len(rows))*panelRows)
	most := make([]int64, len(rows))
	all := int64(1)
	for r, row := range rows {
		most[r] = 1
		for _, v := range row {
			most[r] = max(most[r], v, -v)
		}
		all = max(all, most[r])
	}
	for r, row := range rows {
		m.factors[r] = uint16((most[r]*math.MaxUint16 + all/2) / all)
		at := m.packed[r/panelRows*pitch+r%panelRows*4:]
		for c, v := range row {
			q := (max(v, -v)*254 + most[r]) / (2 * most[r])
			if v < 0 {
				q = -q
			}
			at[c/4*4*panelRows+c%4] = byte(q) + k.bias
		}
	}
	m.unit = ratio(uint64(all), 127*math.MaxUint16, -tensorFraction)
	return m
}
