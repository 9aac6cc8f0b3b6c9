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

// The same of the loops over contexts, which may share slots.
func FuzzStates(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint8(seed*3))
	}
	f.Fuzz(func(t *testing.T, seed uint64, count uint8) {
		r := rand.New(rand.NewPCG(seed, 0))
		n := 1 + int(count)%maxContexts
		slots, slot := make([]byte, 40*slotSize), make([]uint32, n)
		for i := range slots {
			slots[i] = uint8(r.Uint32() & r.Uint32())
		}
		maps := make([][256]uint32, n)
		for i := range maps {
			for j := range maps[i] {
				maps[i][j] = r.Uint32()
			}
			slot[i] = r.Uint32N(40) * slotSize
		}
		states, x := make([]uint8, n+1), make([]int16, n+1)
		slots2, maps2, states2, x2 := slices.Clone(slots), slices.Clone(maps), slices.Clone(states), slices.Clone(x)
		for range 20 {
			node, y, limit := slotNodes+1+r.Uint32N(15), r.Uint32N(2), r.Uint32N(1024)
			predictStates(slots, slot, node, maps, states[:n], x)
			predictStatesGeneric(slots2, slot, node, maps2, states2[:n], x2)
			if !slices.Equal(states, states2) || !slices.Equal(x, x2) {
				t.Fatalf("states %v and inputs %v, plain %v and %v", states, x, states2, x2)
			}
			learnStates(slots, slot, node, maps, states[:n], y, limit)
			learnStatesGeneric(slots2, slot, node, maps2, states2[:n], y, limit)
			if !slices.Equal(slots, slots2) || !slices.Equal(maps, maps2) {
				t.Fatal("other histories or maps than the plain loop's")
			}
		}
	})
}
