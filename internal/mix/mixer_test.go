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

// The same of finding slots, in a table so small that contexts share lines.
func FuzzSlots(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint8(seed*3), uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, count, size uint8) {
		r := rand.New(rand.NewPCG(seed, 0))
		n, bits := 1+int(count)%maxContexts, 1+uint32(size)%8
		var hashes, at, checks, slot, at2, checks2, slot2 [maxContexts]uint32
		slots := make([]byte, lineSize<<bits)
		for i := range slots {
			slots[i] = uint8(r.Uint32() & r.Uint32())
		}
		slots2 := slices.Clone(slots)
		for range 20 {
			for i := range hashes {
				hashes[i] = r.Uint32N(32) * 0x1000193
			}
			salt := r.Uint32N(4)
			findLines(slots, hashes[:n], salt, bits, at[:], checks[:])
			findLinesGeneric(hashes[:n], salt, bits, at2[:], checks2[:])
			if !slices.Equal(at[:n], at2[:n]) || !slices.Equal(checks[:n], checks2[:n]) {
				t.Fatalf("lines %v with checks %v, plain %v with %v", at[:n], checks[:n], at2[:n], checks2[:n])
			}
			findSlots(slots, at[:n], checks[:n], slot[:n])
			findSlotsGeneric(slots2, at2[:n], checks2[:n], slot2[:n])
			if slot != slot2 || !slices.Equal(slots, slots2) {
				t.Fatalf("slots %v, plain %v", slot[:n], slot2[:n])
			}
			for i, s := range slot[:n] {
				slots[s+slotNodes+1] += uint8(i)
				slots2[s+slotNodes+1] += uint8(i)
			}
		}
	})
}

// The same of both layers of mixers.
func FuzzMix(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint8(seed*3), uint8(seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, width, count uint8) {
		r := rand.New(rand.NewPCG(seed, 0))
		n, k := 16*(1+int(width%8)), 1+int(count)%10
		words := func(n int) []int16 {
			w := make([]int16, n)
			for i := range w {
				w[i] = int16(r.Uint32()) >> r.IntN(16)
			}
			return w
		}
		x, w, finalW := words(n), blocks(words(20*n)), blocks(words(40*blockSize))
		var rows [maxSets]int32
		var finalRows [finalSets]int32
		for j := range k {
			rows[j] = r.Int32N(20) * int32(n/blockSize)
		}
		for j := range finalRows {
			finalRows[j] = r.Int32N(40)
		}
		var outs, outs2 [maxSets + 1]int32
		var finalOuts, finalOuts2 [finalSets + 1]int32
		y, y2 := make([]int16, 16), make([]int16, 16)
		mix(x, w, &rows, k, &outs, y, finalW, &finalRows, &finalOuts)
		mixGeneric(x, w, rows[:k], outs2[:k], y2, finalW, finalRows[:], finalOuts2[:finalSets])
		if outs != outs2 || !slices.Equal(y, y2) || !slices.Equal(finalOuts[:finalSets], finalOuts2[:finalSets]) {
			t.Fatalf("mixed to %v, %v and %v, plain to %v, %v and %v", outs, y, finalOuts, outs2, y2, finalOuts2)
		}
		w2, errs := slices.Clone(w), make([]int32, k)
		for range 20 {
			for j := range errs {
				errs[j] = int32(int16(r.Uint32()) >> r.IntN(17))
			}
			adjust(x, w, rows[:k], errs)
			adjustGeneric(x, w2, rows[:k], errs)
			if !slices.Equal(w, w2) {
				t.Fatal("other weights than the plain loop's")
			}
		}
	})
}
