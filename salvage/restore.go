package salvage

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/lmz-go/lmz/internal/format"
)

// Limits of what is tried to restore a chunk of which one byte is wrong: a second for each MiB of
// its record, about.
const (
	restoreMost = 4 << 20  // bytes of a record
	restoreWork = 64 << 20 // bytes of all records of an archive
)

// restore makes the chunks of a frame anew of which no more than one byte is wrong, and what else
// is missing.
func (v *recoverer) restore(f *foundFrame) error {
	for i := 0; i < len(f.entries); i++ {
		e := f.entries[i]
		if e.chunk != nil || e.aux || e.count != 1 && e.count != -1 || e.size < format.MinRecord || e.size > restoreMost || v.work < e.size {
			continue
		}
		v.work -= e.size
		data := make([]byte, e.size)
		if _, err := v.r.ReadAt(data, e.offset); err != nil && err != io.EOF {
			return err
		}
		end := recordEnd(data)
		if v.moved(data[:end], f, e.number) {
			continue
		}
		c, _, err := v.try(f, e.number, oneByteOff(data[:end], f.h.ChunkSize, e.number))
		if err != nil {
			return err
		}
		if c == nil {
			continue
		}
		c.Offset, c.Whole = e.offset, true
		whole := []*entry{{number: e.number, chunk: c, offset: e.offset, size: int64(end)}}
		f.next = max(f.next, e.number+1)
		for at := e.offset + int64(end); at < e.offset+e.size; {
			aux, wrong, err := v.record(f, at, e.number+1)
			if err != nil {
				return err
			}
			if wrong != nil || !aux.aux {
				break
			}
			whole = append(whole, aux)
			at += aux.size
		}
		f.entries = slices.Replace(f.entries, i, i+1, whole...)
		v.notice(e.number, e.offset, fmt.Errorf("%w; a byte of it was restored by its check", e.err))
	}
	return nil
}

// moved says whether a record that should be chunk n of a frame is intact and may be one from
// elsewhere in the archive: its check tells of another number, of which a chunk is missing, or is
// the same. A byte of the check alone tells these apart.
func (v *recoverer) moved(record []byte, f *foundFrame, n int64) bool {
	head, h := headOf(record, f.h.ChunkSize)
	if head == 0 {
		return false
	}
	is := n + int64(int32((h.Check-format.ChunkCheck(record[:head-format.CheckSize], record[head:], n))<<8)>>8)
	for _, f := range v.frames {
		last := f.next // chunks, at least
		if f.tail != nil {
			last = max(last, f.tail.Total.Chunks)
		}
		if f.h == nil || is < 0 || is >= last || is == n {
			continue
		}
		i := sort.Search(len(f.entries), func(i int) bool { return f.entries[i].number >= is })
		for ; i < len(f.entries) && f.entries[i].number == is && f.entries[i].chunk == nil; i++ {
		}
		if i == len(f.entries) || f.entries[i].number != is || f.entries[i].chunk.CRC32C == h.CRC32C {
			return true
		}
	}
	return false
}

// recordEnd is where the intact auxiliary records begin that data ends with.
func recordEnd(data []byte) int {
	for at := format.MinRecord; at < len(data); at++ {
		i := bytes.IndexByte(data[at:], format.TagAuxiliary)
		if i < 0 {
			break
		}
		at += i
		_, rest, ok := format.CutUvarint(data[at+1:])
		n, rest, ok2 := format.CutUvarint(rest)
		if ok && ok2 && n+4 <= uint64(len(rest)) && format.AuxiliarySize(data[at:]) == len(data)-at {
			return at
		}
	}
	return len(data)
}
