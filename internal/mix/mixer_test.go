package mix

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The loops that the machine runs do what the plain ones do, on any values.
func FuzzKernels(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint8(seed*3), uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, width, count uint8) {
		r := rand.New(rand.NewPCG(seed, 0))
		n, k := 16*(1+int(width%8)), 1+int(count%9)
		word := func() int16 {
			switch r.IntN(8) {
			case 0:
				return 32767
			case 1:
				return -32768
			case 2:
				return 0
			}
			return int16(r.Uint32())
		}
		x, hi, lo := make([]int16, n), make([]int16, n*k), make([]uint16, n*k)
		for i := range x {
			x[i] = word()
		}
		for i := range hi {
			hi[i], lo[i] = word(), uint16(word())
		}
		rows, errs := make([]int32, k), make([]int32, k)
		for j := range rows {
			rows[j], errs[j] = int32(j*n), int32(word())
		}
		a, b := make([]int32, k), make([]int32, k)
		dot(x, hi, rows, a)
		dotGeneric(x, hi, rows, b)
		if !slices.Equal(a, b) {
			t.Fatalf("dot: %v, plain %v", a, b)
		}
		hi2, lo2 := slices.Clone(hi), slices.Clone(lo)
		train(x, hi, lo, rows, errs)
		trainGeneric(x, hi2, lo2, rows, errs)
		if !slices.Equal(hi, hi2) || !slices.Equal(lo, lo2) {
			t.Fatal("train: other weights than the plain loop's")
		}
	})
}
