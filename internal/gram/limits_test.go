package gram

import (
	"bytes"
	"fmt"
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
	for _, size := range []int{1, 7, 1000, 65_536} {
		fmt.Fprintf(&out, "table of %d bytes: bits %d %d %d\n", size, place(1, size), place(0x9abcdef0, size), place(1<<32-1, size))
	}
	var many []byte
	for i := range 60_000 {
		many = fmt.Appendf(many, "%c%c%c%c %d\n", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26, 'a'+i/17576, 100_000+i)
	}
	for _, limit := range []int{0, 1, 8, 40, 4000} {
		s := NewSample(limit)
		Each(nil, many, func(g Gram, _ Class) { s.Add(g) })
		fmt.Fprintf(&out, "sample of at most %d: %d with a shift of %d\n", limit, s.Len(), s.Shift())
		f := Build(nil, many, limit)
		fmt.Fprintf(&out, "filter of at most %d bytes:", limit)
		for _, table := range f {
			fmt.Fprintf(&out, " %d with a shift of %d", len(table.Bits), table.Shift)
		}
		fmt.Fprintln(&out)
	}
	var f Filter
	f[Letters].Bits = make([]byte, 100)
	for g := range Gram(40) {
		f.Admit(g*0x6789abcd, Letters)
	}
	fmt.Fprintf(&out, "admitted: %x\n", f[Letters].Bits)
	golden.Stored(t, filepath.Join("testdata", "limits.golden"), out.Bytes())
}
