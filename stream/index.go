package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

const (
	footerMagic = "zml\x8c"
	footerSize  = 8
	groupSize   = 16 // chunks
)

// sums are what the index says about a run of records.
type sums struct {
	records int64 // bytes
	raw     int64 // bytes
	lines   int64
	chunks  int64
}

func (s *sums) add(t sums) {
	s.records += t.records
	s.raw += t.raw
	s.lines += t.lines
	s.chunks += t.chunks
}

// index collects what the index of a frame holds while its records go by.
type index struct {
	chunkSize int64
	groups    []byte // entries of the groups before the current one, as they are in the file
	group     sums   // the current one
	next      int64  // bytes of auxiliary records behind a full group: of the next, or the last, group
	total     sums
}

// chunk counts a chunk record of size bytes.
func (x *index) chunk(size int64, raw, lines int) {
	if x.group.chunks == groupSize {
		x.groups = appendGroup(x.groups, x.group, x.chunkSize)
		x.group, x.next = sums{records: x.next}, 0
	}
	s := sums{records: size, raw: int64(raw), lines: int64(lines), chunks: 1}
	x.group.add(s)
	x.total.add(s)
}

// auxiliary counts an auxiliary record of size bytes.
func (x *index) auxiliary(size int64) {
	x.total.records += size
	if x.group.chunks == groupSize {
		x.next += size
	} else {
		x.group.records += size
	}
}

func appendGroup(dst []byte, g sums, chunkSize int64) []byte {
	dst = binary.AppendUvarint(dst, uint64(g.records))
	dst = binary.AppendUvarint(dst, uint64(g.chunks*chunkSize-g.raw))
	return binary.AppendUvarint(dst, uint64(g.lines))
}

// body is the index up to its sections; header is the size of the frame's header.
func (x *index) body(header int64) []byte {
	b := binary.AppendUvarint(nil, uint64(header+x.total.records))
	b = binary.AppendUvarint(b, uint64(x.total.chunks))
	b = binary.AppendUvarint(b, uint64(x.total.raw))
	b = binary.AppendUvarint(b, uint64(x.total.lines))
	return append(b, x.groups...)
}

// appendIndex appends index and footer of a frame.
func appendIndex(dst []byte, x *index, header int64) []byte {
	start := len(dst)
	body := x.body(header)
	dst = append(dst, tagIndex)
	dst = binary.AppendUvarint(dst, uint64(len(body)))
	dst = append(dst, body...)
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(dst)-start))
	return append(dst, footerMagic...)
}

// readIndex reads index and footer of a frame from behind the index's tag, which the recorder keeps, and compares it with the
// records that went by.
func readIndex(r *recorder, x *index, header int64) error {
	start := r.off - 1
	n, err := readUvarint(r, 1<<32-1, "length of the index")
	if err != nil {
		return err
	}
	want := x.body(header)
	at := len(r.buf)
	if err := r.record(int(min(n, uint64(len(want))))); err != nil {
		return err
	}
	agrees := bytes.Equal(r.buf[at:], want)
	sum := crc32.Checksum(r.buf, castagnoli)
	var sections error
	if agrees {
		sum, sections, err = skipSections(r, sum, n-uint64(len(want)))
	} else {
		sum, err = r.sumRest(sum, n-uint64(len(r.buf)-at))
	}
	if err != nil {
		return err
	}
	if err := r.compareSum(sum, "index"); err != nil {
		return err
	}
	if !agrees {
		return fmt.Errorf("%w: the index tells of other records than there are", ErrCorrupt)
	}
	if sections != nil {
		return sections
	}
	return readFooter(r, r.off-start)
}

// skipSections reads n bytes of optional sections. What is wrong with them counts only when the checksum is right.
func skipSections(r *recorder, sum uint32, n uint64) (_ uint32, wrong, err error) {
	var last uint64
	for first := true; n > 0; first = false {
		r.reset()
		kind, err := readUvarint(r, 1<<63-1, "kind of an index section")
		if err != nil {
			return sum, nil, err
		}
		size, err := readUvarint(r, n, "length of an index section")
		if err != nil {
			return sum, nil, err
		}
		head := uint64(len(r.buf))
		if head+size > n || !first && kind <= last {
			return sum, nil, fmt.Errorf("%w: list of index sections", ErrCorrupt)
		}
		if sum, err = r.sumRest(crc32.Update(sum, castagnoli, r.buf), size); err != nil {
			return sum, nil, err
		}
		if refused := refuseUnknown("index section", kind); refused != nil && wrong == nil {
			wrong = refused
		}
		last = kind
		n -= head + size
	}
	return sum, wrong, nil
}

func readFooter(r *recorder, index int64) error {
	r.reset()
	if err := r.record(footerSize); err != nil {
		return err
	}
	if string(r.buf[4:]) != footerMagic || int64(binary.LittleEndian.Uint32(r.buf)) != index {
		return fmt.Errorf("%w: footer", ErrCorrupt)
	}
	return nil
}
