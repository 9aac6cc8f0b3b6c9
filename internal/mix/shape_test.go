package mix

import (
	"runtime"
	"testing"
)

// What Memory says is what is allocated.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	for level := 0; level < len(levels); level++ {
		for _, size := range []int{1, tinySize, tinySize + 1, 512 + 1, 5000, 1 << 17, 1 << 30} {
			if size > 1<<20 && level > 6 && testing.Short() {
				continue
			}
			for _, primed := range []bool{false, true} {
				most := 0
				for _, sort := range []kind{{}, {prose: true}, {foreign: true}} {
					var m model
					k := kindFor(level, sort.prose, int64(size), !primed)
					k.foreign = sort.foreign
					runtime.GC()
					runtime.ReadMemStats(&before)
					m.shape(k, true)
					runtime.ReadMemStats(&after)
					most = max(most, int(after.TotalAlloc-before.TotalAlloc))
					if l := k.spec(); l.size() != m.held() {
						t.Errorf("-%d %d bytes: the tables have %d bytes, %d are held", level, size, l.size(), m.held())
					}
				}
				if said := Memory(level, size, primed); most-said > said/20 || said-most > said/20 {
					t.Errorf("-%d %d bytes, primed %v: %d bytes are allocated, Memory says %d", level, size, primed, most, said)
				}
			}
		}
	}
}

// Tables grow with the chunk up to those of the level, and a small chunk needs little at any level.
func TestMemoryGrows(t *testing.T) {
	for level := 0; level < len(levels); level++ {
		last := 0
		for size := 1; size <= 1<<28; size *= 2 {
			n := Memory(level, size, false)
			if n < last {
				t.Errorf("-%d: %d bytes take less than %d", level, size, size/2)
			}
			last = n
			if size <= 2048 && n > 24<<20 {
				t.Errorf("-%d: a chunk of %d bytes takes %d", level, size, n)
			}
		}
		if full := Memory(level, 1<<30, true); last != full {
			t.Errorf("-%d: %d bytes take %d, all take %d", level, 1<<28, last, full)
		}
	}
}

// A Coder holds no more than its largest chunk needed, whatever came in between, and allocates no
// tables for smaller ones.
func TestTablesAreReused(t *testing.T) {
	var c Coder
	large := lines(400, 1)
	for _, level := range []int{4, 3, 1} {
		for _, src := range [][]byte{large, large[:3000], large[:40], large} {
			if _, err := c.Encode(t.Context(), Params{Level: level}, nil, src); err != nil {
				t.Fatal(err)
			}
		}
	}
	most := 0
	for _, level := range []int{4, 3, 1} {
		most += Memory(level, len(large), false) // each table is the largest of any of them
	}
	if c.Size() > most+2*len(large) {
		t.Errorf("%d bytes are held, chunks needed at most %d", c.Size(), most)
	}
	p := Params{Level: 3}
	var dst []byte
	work := func() {
		var err error
		if dst, err = c.Encode(t.Context(), p, dst[:0], large[:2000]); err != nil {
			t.Fatal(err)
		}
	}
	work()
	work() // keeps the prior
	if n := testing.AllocsPerRun(5, work); n > 10 {
		t.Errorf("%v allocations for a chunk", n)
	}
}
