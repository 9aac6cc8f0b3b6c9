package format

import "bytes"

// FoundRecord is an intact chunk record among other bytes.
type FoundRecord struct {
	RecordHeader
	At, Size int // in these bytes
	Number   int64
}

// FindRecord finds the first chunk record in data, at from or behind it, that is intact and has a
// number from low to high. One that is not where it is looked for counts only if another one, an
// index or the end of data follows. work is how many bytes may be summed up for it, and becomes
// less: data may be made to look like many records.
func FindRecord(data []byte, from, chunkSize int, low, high int64, work *int64) *FoundRecord {
	for at := from; at < len(data); at++ {
		tag := data[at]
		if tag&TagChunkMask != TagChunk {
			continue
		}
		in := bytes.NewReader(data[at+1:])
		h, err := ReadChunkHeader(in, tag, chunkSize)
		if err != nil || h.Payload > in.Len() {
			continue
		}
		behind := len(data) - in.Len() + h.Payload
		if at > from && behind < len(data) && data[behind]&TagChunkMask != TagChunk && data[behind] != TagAuxiliary && data[behind] != TagIndex && data[behind] != TagLoneIndex {
			continue
		}
		if *work -= int64(behind - at); *work < 0 {
			return nil
		}
		head := len(data) - in.Len() - CheckSize
		is := (h.Check - ChunkCheck(data[at:head], data[head+CheckSize:behind], 0)) & CheckMask
		number := low + int64((is-uint32(low))&CheckMask)
		if number <= high {
			return &FoundRecord{h, at, behind - at, number}
		}
	}
	return nil
}
