package gram

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"testing"

	"github.com/lmz-go/lmz/internal/golden"
)

// TestLimits: which grams there are, where their bits are, and how large tables are for how many.
func TestLimits(t *testing.T) {
	var out bytes.Buffer
	fmt.Fprint(&out, "letters:")
	for b := range 256 {
		if kinds[b] == letter {
			fmt.Fprintf(&out, " %02x", b)
		}
	}
	fmt.Fprint(&out, "\ndigits:")
	for b := range 256 {
		if kinds[b] == digit {
			fmt.Fprintf(&out, " %02x", b)
		}
	}
	fmt.Fprintln(&out)
	for _, rows := range []int{1, 7, 63, 64, 65, 1000, 65_536 * 8} {
		fmt.Fprintf(&out, "equations over %d rows:", rows)
		for _, g := range []Gram{0, 1, 0x9abcdef0, 1<<32 - 1} {
			first, e := equation(g, rows)
			fmt.Fprintf(&out, " %d %x", first, e)
		}
		fmt.Fprintln(&out)
	}
	for _, n := range []int{0, 1, 19, 20, 1000} {
		fmt.Fprintf(&out, "%d grams: %d rows\n", n, rowsFor(n))
	}
	for step := range MaxStep + 1 {
		last := last(step)
		fmt.Fprintf(&out, "step %d: up to %08x\n", step, last)
	}
	var many []byte
	for i := range 60_000 {
		many = fmt.Appendf(many, "%c%c%c%c %d\n", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26, 'a'+i/17576, 100_000+i)
	}
	for _, limit := range []int{0, 1, 8, 40, 4000} {
		s := NewSample(limit)
		Each(nil, many, func(g Gram, _ Class) { s.Add(g) })
		fmt.Fprintf(&out, "sample of at most %d: %d with step %d\n", limit, s.Len(), s.Step())
		f := Build(nil, many, limit)
		fmt.Fprintf(&out, "filter of at most %d bytes:", limit)
		for _, table := range f {
			fmt.Fprintf(&out, " %d with step %d and width %d: %08x", len(table.Bits), table.Step, table.Width, crc32.ChecksumIEEE(table.Bits))
		}
		fmt.Fprintln(&out)
	}
	golden.Stored(t, filepath.Join("testdata", "limits.golden"), out.Bytes())
}

// last is the highest gram that a step leaves.
func last(step int) (g Gram) {
	for bit := Gram(1 << 31); bit > 0; bit >>= 1 {
		if (g | bit).sampled(step) {
			g |= bit
		}
	}
	return g
}
