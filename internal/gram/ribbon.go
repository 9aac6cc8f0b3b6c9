package gram

import (
	"encoding/binary"
	"math/bits"
)

// The bits of a table are a homogeneous ribbon filter (Dillinger, Hübschle-Schneider, Sanders and
// Walzer, Fast Succinct Retrieval and Approximate Membership using Ribbon, 2021): Width planes of
// rows, one bit each. A gram stands for a linear equation over up to 64 rows that follow each
// other, which those of the text fulfil in each plane, and another gram in each with probability
// 1/2. So a gram of the text takes little more than Width bits, where a table of single bits takes
// half as much again for the same.

// MaxWidth is the most planes of a table.
const MaxWidth = 8

// band is the most rows that a gram's equation is over.
const band = 64

// rowsFor is how many rows the equations of n grams want, so that nearly all others fail.
func rowsFor(n int) int {
	if n == 0 {
		return 0
	}
	return n + n/16 + 8
}

// mix makes bits that have nothing to do with the order of grams, by which they are sampled.
func mix(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}

// equation is that of a gram: over the rows from first on for whose number, from there, a bit is
// set, the lowest one always.
func equation(g Gram, rows int) (first int, of uint64) {
	h := mix(uint64(g))
	n := min(band, rows)
	high, _ := bits.Mul64(h, uint64(rows-n+1))
	return int(high), mix(h)>>(band-n) | 1
}

// solve gives a table of size bytes that fulfils the equations of all grams. In whatever order they
// come, it is the same.
func solve(s *Sample, size, width int) []byte {
	rows := size * 8 / width
	system := make([]uint64, rows) // the equation that begins with a row; 0: none does
	s.Each(func(g Gram) {
		row, e := equation(g, rows)
		for system[row] != 0 {
			if e ^= system[row]; e == 0 {
				return // it follows from the others
			}
			n := bits.TrailingZeros64(e)
			row, e = row+n, e>>n
		}
		system[row] = e
	})
	table := make([]byte, size)
	for plane := range width {
		behind := uint64(0) // the rows behind the one at hand, the next one lowest
		for row := rows - 1; row >= 0; row-- {
			bit := mix(uint64(row)) >> plane & 1 // whatever it is, if no equation begins here
			if e := system[row]; e != 0 {
				bit = uint64(bits.OnesCount64(e>>1&behind) & 1)
			}
			behind = behind<<1 | bit
			at := plane*rows + row
			table[at/8] |= byte(bit << (at % 8))
		}
	}
	return table
}

// knows says whether a gram fulfils its equation in all planes.
func (t *Table) knows(g Gram) bool {
	rows := len(t.Bits) * 8 / t.Width
	if rows == 0 {
		return false
	}
	first, e := equation(g, rows)
	for plane := range t.Width {
		if bits.OnesCount64(t.at(plane*rows+first)&e)&1 == 1 {
			return false
		}
	}
	return true
}

// at is the bits of the table from one on, the first one lowest.
func (t *Table) at(bit int) uint64 {
	var part [16]byte
	copy(part[:], t.Bits[bit/8:])
	low, high := binary.LittleEndian.Uint64(part[:]), binary.LittleEndian.Uint64(part[8:])
	return low>>(bit%8) | high<<(64-bit%8)
}
