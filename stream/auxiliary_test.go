package stream

import (
	"encoding/binary"
	"hash/crc32"
)

// appendAuxiliary appends an auxiliary record.
func appendAuxiliary(dst []byte, kind uint64, body []byte) []byte {
	start := len(dst)
	dst = append(dst, tagAuxiliary)
	dst = binary.AppendUvarint(dst, kind)
	dst = binary.AppendUvarint(dst, uint64(len(body)))
	sum := crc32.Update(crc32.Checksum(dst[start:], castagnoli), castagnoli, body)
	dst = binary.LittleEndian.AppendUint32(dst, sum)
	return append(dst, body...)
}
