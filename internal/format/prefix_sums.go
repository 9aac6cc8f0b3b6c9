package format

import (
	"encoding/binary"
	"hash/crc32"
)

// SumEvery is how many raw bytes of a chunk lie between two sums: of all that is in front of the
// place, so that whoever needs no more of the chunk need not decode the rest.
const SumEvery = 1 << 20

// PrefixSums are the CRC32C of the prefixes of a chunk that are as long as a multiple of SumEvery,
// and shorter than the chunk.
func PrefixSums(raw []byte) (sums []uint32) {
	sum := uint32(0)
	for ; len(raw) > SumEvery; raw = raw[SumEvery:] {
		sum = crc32.Update(sum, Castagnoli, raw[:SumEvery])
		sums = append(sums, sum)
	}
	return sums
}

// PrefixSum is that of the first n bytes, if it is known.
func (h *RecordHeader) PrefixSum(n int) (sum uint32, known bool) {
	i := n/SumEvery - 1
	if n%SumEvery != 0 || i < 0 || i >= len(h.Sums) {
		return 0, false
	}
	return h.Sums[i], true
}

func appendSums(dst []byte, sums []uint32) []byte {
	for _, s := range sums {
		dst = binary.LittleEndian.AppendUint32(dst, s)
	}
	return dst
}

// parseSums takes the sums of a chunk of so many raw bytes apart; nil: they are not those of one.
func parseSums(src []byte, raw int) (sums []uint32) {
	if len(src) == 0 || len(src) != (raw-1)/SumEvery*4 {
		return nil
	}
	for ; len(src) > 0; src = src[4:] {
		sums = append(sums, binary.LittleEndian.Uint32(src))
	}
	return sums
}
