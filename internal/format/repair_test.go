package format

import (
	"bytes"
	"slices"
	"testing"
)

// A damaged record is found from behind, by the parity record that protects it, and made anew.
func TestLimitsOfRepair(t *testing.T) {
	payload := bytes.Repeat([]byte("what the chunk holds, "), 20)
	record := AppendChunk(nil, &RecordHeader{Raw: 500, Lines: 3, CRC32C: 77}, 1000, 0, payload)
	for _, kind := range []uint64{AuxParity, AuxLoneParity} {
		whole := AppendParity(slices.Clone(record), kind, record)
		for _, end := range []int{len(whole), len(whole) + 9} {
			data := append(bytes.Clone(whole), make([]byte, end-len(whole))...)
			data[0] ^= 0x40
			data[len(record)-1] ^= 1
			at, got, body := FindParity(data)
			if at != len(record) || got != kind {
				t.Fatalf("parity of type %d found at %d, type %d; it is at %d", kind, at, got, len(record))
			}
			back, err := repairRecord(kind, data[:at], body)
			if err != nil || !bytes.Equal(back, record) {
				t.Errorf("parity of type %d: %v", kind, err)
			}
		}
		if at, _, body := FindParity(whole[:len(whole)-1]); body != nil {
			t.Errorf("parity of type %d that is cut off is found at %d", kind, at)
		}
	}
}
