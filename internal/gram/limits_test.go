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
		if isLetter(Lower(byte(b))) {
			fmt.Fprintf(&out, " %02x", b)
		}
	}
	fmt.Fprintln(&out)
	for _, n := range []int{0, 1, 5, 6, 7, 11, 12, 1000, 5544, 5545, 99_999, 200_000} {
		fmt.Fprintf(&out, "%d grams: table of %d bytes; table of %d bytes: %d grams\n", n, tableSize(n), n, grams(n))
	}
	for _, size := range []int{1, 7, 1000, 65_536} {
		fmt.Fprintf(&out, "table of %d bytes: bits %d %d %d\n", size, place(1, size), place(0x9abcdef0, size), place(1<<32-1, size))
	}
	k := NewKnown()
	for g := range Gram(1 << 14) {
		k.Add(g << 13)
	}
	fmt.Fprintf(&out, "known: %v %v %v %v, %d words\n", k.Has(0), k.Has(1<<12-1), k.Has(1<<12), k.Has(1<<13), len(k.bits))
	var many []byte
	for i := range 60_000 {
		many = fmt.Appendf(many, "%c%c%c%c\n", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26, '0'+i/17576)
	}
	for _, limit := range []int{0, 1, 8, 40, 4000} {
		s := NewSample(limit)
		Each(nil, many, func(g Gram, _ Class) { s.Add(g) })
		fmt.Fprintf(&out, "sample of at most %d: %d with a shift of %d\n", limit, s.Len(), s.Shift())
	}
	var f Filter
	f.Table = make([]byte, 100)
	for g := range Gram(40) {
		f.Admit(g*0x6789abcd, Letters)
	}
	fmt.Fprintf(&out, "admitted: %x\n", f.Table)
	golden.Stored(t, filepath.Join("testdata", "limits.golden"), out.Bytes())
}
