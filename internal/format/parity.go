package format

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/reedsolomon"
)

// Parity protects a record whose loss costs more than a chunk: a Reed-Solomon code over parts of
// it, so that any parts that are left, as many as there were, give all others.
//
// Chunks that start from the primer are lost with it: a 32nd more parts, at least two, undo damage
// of any place as long as a part, and more of a long record. A large chunk that is alone in its
// frame is all there is: two more parts of as many as the code allows undo damage that two parts
// have, for less than a hundredth of its size.
const (
	AuxParity     = 2         // of a primer
	AuxLoneParity = 6         // of the only chunk of a frame
	MinLone       = 256 << 10 // bytes of a record that gets the latter, which takes less than 1 %
	primerShards  = 128
	loneShards    = 254 // 256 with parity are the most
	parityShare   = 32  // data parts for each part of parity of a primer
	shardMin      = 32  // bytes of a part, at least
	shardCheck    = 2   // bytes of CRC32C that tell which parts are damaged
)

// ParityShape is the number of parts of a record of n bytes, of parts with parity of this kind, and
// the bytes of each.
func ParityShape(kind uint64, n int) (data, parity, size int) {
	if kind == AuxLoneParity {
		size = max(shardMin, (n+loneShards-1)/loneShards)
		return (n + size - 1) / size, 2, size
	}
	size = max(shardMin, (n+primerShards-1)/primerShards)
	data = (n + size - 1) / size
	return data, max(2, (data+parityShare-1)/parityShare), size
}

// parityCode is the code of these parts. A matrix of as many as there may be takes long to make,
// unless it is Cauchy's.
func parityCode(kind uint64, data, parity int) (reedsolomon.Encoder, error) {
	if kind == AuxLoneParity {
		return reedsolomon.New(data, parity, reedsolomon.WithCauchyMatrix())
	}
	return reedsolomon.New(data, parity)
}

// ParitySize is the bytes of the body of a parity record for n bytes.
func ParitySize(kind uint64, n int) int {
	data, parity, size := ParityShape(kind, n)
	return len(binary.AppendUvarint(nil, uint64(n))) + (data+parity)*shardCheck + parity*size
}

// IsParity says whether auxiliary records of this kind protect the record in front of them.
func IsParity(kind uint64) bool { return kind == AuxParity || kind == AuxLoneParity }

// AppendParity appends the auxiliary record, of a kind of parity, that protects the chunk record in
// front of it.
func AppendParity(dst []byte, kind uint64, record []byte) []byte {
	data, parity, size := ParityShape(kind, len(record))
	shards := splitShards(record, data, parity, size)
	code, err := parityCode(kind, data, parity)
	if err == nil {
		err = code.Encode(shards)
	}
	if err != nil {
		panic(err) // of shapes only, which are right
	}
	body := binary.AppendUvarint(nil, uint64(len(record)))
	for _, s := range shards {
		body = binary.LittleEndian.AppendUint16(body, uint16(crc32.Checksum(s, Castagnoli)))
	}
	for _, s := range shards[data:] {
		body = append(body, s...)
	}
	return AppendAuxiliary(dst, kind, body)
}

// splitShards cuts a record, and adds room for parity.
func splitShards(record []byte, data, parity, size int) [][]byte {
	all := make([]byte, (data+parity)*size)
	copy(all, record)
	shards := make([][]byte, data+parity)
	for i := range shards {
		shards[i] = all[i*size : (i+1)*size]
	}
	return shards
}

// repairRecord gives the chunk record that was damaged to what body, of its parity record, knows
// about.
func repairRecord(kind uint64, damaged, body []byte) ([]byte, error) {
	n, body, ok := CutUvarint(body)
	if !ok || n != uint64(len(damaged)) {
		return nil, fmt.Errorf("%w: parity of another record", ErrCorrupt)
	}
	data, parity, size := ParityShape(kind, len(damaged))
	if len(body) != (data+parity)*shardCheck+parity*size {
		return nil, fmt.Errorf("%w: parity record", ErrCorrupt)
	}
	shards := splitShards(damaged, data, parity, size)
	checks := body[:(data+parity)*shardCheck]
	copy(shards[data][:parity*size], body[len(checks):])
	for i, s := range shards {
		if uint16(crc32.Checksum(s, Castagnoli)) != binary.LittleEndian.Uint16(checks[i*shardCheck:]) {
			shards[i] = nil
		}
	}
	code, err := parityCode(kind, data, parity)
	if err == nil {
		err = code.ReconstructData(shards)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: more is damaged than its parity can repair: %w", ErrCorrupt, err)
	}
	return bytes.Join(shards[:data], nil)[:len(damaged)], nil
}
