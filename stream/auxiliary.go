package stream

import (
	"fmt"
	"hash/crc32"
)

// readAuxiliary reads an auxiliary record from behind its tag, which the recorder keeps. Since none are defined yet, it passes
// over those that may be skipped.
func readAuxiliary(r *recorder) error {
	kind, err := readUvarint(r, 1<<63-1, "type")
	if err != nil {
		return err
	}
	n, err := readUvarint(r, 1<<63-1, "length")
	if err != nil {
		return err
	}
	want, err := r.uint32()
	if err != nil {
		return err
	}
	sum, err := r.sumRest(crc32.Checksum(r.buf, castagnoli), n)
	if err != nil {
		return err
	}
	if sum != want {
		return fmt.Errorf("%w: checksum is %08x, want %08x", ErrCorrupt, sum, want)
	}
	return refuseUnknown("auxiliary record", kind)
}
