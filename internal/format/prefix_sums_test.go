package format

import (
	"bytes"
	"hash/crc32"
	"slices"
	"testing"
)

func TestPrefixSums(t *testing.T) {
	raw := make([]byte, 3<<20+5)
	for i := range raw {
		raw[i] = byte(i * i >> 3)
	}
	for n, want := range map[int]int{1: 0, 1 << 20: 0, 1<<20 + 1: 1, 2 << 20: 1, 2<<20 + 1: 2, 3<<20 + 5: 3} {
		h := RecordHeader{Raw: n, Sums: PrefixSums(raw[:n])}
		if len(h.Sums) != want {
			t.Fatalf("%d bytes: %d sums, want %d", n, len(h.Sums), want)
		}
		record := AppendChunk(nil, &h, 3<<20+5, 0, []byte("a"))
		back, err := ParseRecord(record, 3<<20+5, 0)
		if err != nil || !slices.Equal(back.Sums, h.Sums) || bytes.Contains(record, []byte{6, byte(4 * want)}) != (want > 0) {
			t.Fatalf("%d bytes: %v, %v, want %v", n, back.Sums, err, h.Sums)
		}
		for i := range want {
			end := (i + 1) << 20
			if sum, known := h.PrefixSum(end); !known || sum != crc32.Checksum(raw[:end], Castagnoli) {
				t.Errorf("%d bytes: sum of the first %d is %08x, %v", n, end, sum, known)
			}
		}
		for _, end := range []int{0, 1, 1<<20 - 1, 1<<20 + 1, (want + 1) << 20} {
			if _, known := h.PrefixSum(end); known {
				t.Errorf("%d bytes: a sum of the first %d", n, end)
			}
		}
	}
	for _, n := range []int{0, 4, 11, 13, 16} {
		if sums := parseSums(make([]byte, n), 3<<20+5); sums != nil {
			t.Errorf("%d bytes of sums: %v", n, sums)
		}
	}
}
