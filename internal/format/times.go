package format

import (
	"encoding/binary"

	"github.com/lmz-go/lmz/internal/timestamp"
)

// Limits of the times of chunks.
const (
	MaxTimeFormat = 255     // bytes
	maxSeconds    = 1 << 33 // behind any year of four digits that is read
)

// Bits of the flags in front of the times of a chunk; the lowest ones are those of its kinds.
const (
	timesStart = 1 << (timestamp.Kinds + iota)
	timesEnd
	timesUnused
)

// appendTimes appends the value of a chunk's field of times.
func appendTimes(dst []byte, r *timestamp.Range) []byte {
	flags := byte(0)
	for k, has := range r.Has {
		if has {
			flags |= 1 << k
		}
	}
	if r.Starts {
		flags |= timesStart
	}
	if r.Ends {
		flags |= timesEnd
	}
	dst = append(dst, flags)
	for k, has := range r.Has {
		if has {
			dst = binary.AppendUvarint(dst, uint64(r.First[k]))
			dst = binary.AppendUvarint(dst, uint64(r.Last[k]-r.First[k]))
		}
	}
	return dst
}

// parseTimes takes the value apart; nil: it says nothing that is known.
func parseTimes(src []byte) *timestamp.Range {
	if len(src) == 0 || src[0] >= timesUnused {
		return nil
	}
	r := &timestamp.Range{Starts: src[0]&timesStart != 0, Ends: src[0]&timesEnd != 0}
	flags := src[0]
	src = src[1:]
	for k := range timestamp.Kinds {
		if flags&(1<<k) == 0 {
			continue
		}
		first, rest, ok := CutUvarint(src)
		span, rest, ok2 := CutUvarint(rest)
		if !ok || !ok2 || first > maxSeconds || span > maxSeconds-first {
			return nil
		}
		src = rest
		r.Has[k], r.First[k], r.Last[k] = true, int64(first), int64(first+span)
	}
	if len(src) > 0 || r.Empty() {
		return nil
	}
	return r
}
