package format

import (
	"encoding/binary"
	"fmt"

	"github.com/lmz-go/lmz/internal/timestamp"
)

// sectionTimes is the section of an index that tells the times of lines.
const sectionTimes = 2

// Limits of a section of times.
const (
	MaxTimeFormat = 255
	maxSeconds    = 1 << 33 // later than any year of four digits that is read
)

// Bits of the flags of a chunk; the lowest ones are those of its kinds of times.
const (
	timesStart = 1 << (timestamp.Kinds + iota)
	timesEnd
	timesUnused
)

// AppendTimes appends the section for all chunks of a frame, of which times were looked for in a
// format, or the usual forms.
func AppendTimes(dst []byte, timeFormat string, chunks []timestamp.Range) []byte {
	b := binary.AppendUvarint(nil, timestamp.Version)
	b = binary.AppendUvarint(b, uint64(len(timeFormat)))
	b = append(b, timeFormat...)
	var last [timestamp.Kinds]int64
	for _, r := range chunks {
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
		b = append(b, flags)
		for k, has := range r.Has {
			if has {
				b = binary.AppendVarint(b, r.First[k]-last[k])
				b = binary.AppendUvarint(b, uint64(r.Last[k]-r.First[k]))
				last[k] = r.Last[k]
			}
		}
	}
	return AppendField(dst, sectionTimes, b)
}

// Times reads the section of times, chunk by chunk. A nil one has none.
type Times struct {
	Format string
	body   []byte // of what comes next
	last   [timestamp.Kinds]int64
}

// parseTimes takes a section apart; nil: it was made by a version that finds other times.
func parseTimes(section []byte, chunks int64) (*Times, error) {
	version, rest, ok := CutUvarint(section)
	if ok && version != timestamp.Version {
		return nil, nil
	}
	n, rest, ok2 := CutUvarint(rest)
	if !ok || !ok2 || n > MaxTimeFormat || n > uint64(len(rest)) {
		return nil, errTimes
	}
	t := &Times{Format: string(rest[:n]), body: rest[n:]}
	for check, left := *t, chunks; ; left-- {
		if left == 0 {
			if len(check.body) > 0 {
				return nil, errTimes
			}
			return t, nil
		}
		if _, ok := check.next(); !ok {
			return nil, errTimes
		}
	}
}

var errTimes = fmt.Errorf("%w: times in the index", ErrCorrupt)

// Next gives what is known of the next chunk.
func (t *Times) Next() timestamp.Range {
	r, _ := t.next()
	return r
}

// Clone gives a reader that stands where t does.
func (t *Times) Clone() *Times {
	if t == nil {
		return nil
	}
	c := *t
	return &c
}

func (t *Times) next() (r timestamp.Range, ok bool) {
	if len(t.body) == 0 || t.body[0] >= timesUnused {
		return r, false
	}
	flags := t.body[0]
	t.body = t.body[1:]
	r.Starts, r.Ends = flags&timesStart != 0, flags&timesEnd != 0
	for k := range timestamp.Kinds {
		if flags&(1<<k) == 0 {
			continue
		}
		step, n := binary.Varint(t.body)
		if n <= 0 {
			return r, false
		}
		span, rest, ok := CutUvarint(t.body[n:])
		if !ok || step < -2*maxSeconds || step > 2*maxSeconds || span > 2*maxSeconds {
			return r, false
		}
		t.body = rest
		first := t.last[k] + step
		t.last[k] = first + int64(span)
		if first < -maxSeconds || t.last[k] > maxSeconds {
			return r, false
		}
		r.Has[k], r.First[k], r.Last[k] = true, first, t.last[k]
	}
	return r, true
}
