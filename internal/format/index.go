package format

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// The footer of a frame, and how many chunks an entry of its index is about.
const (
	FooterMagic = "zml\xbc"
	FooterSize  = 8  // bytes
	GroupSize   = 16 // chunks
)

// sums are what the index says about a run of records.
type sums struct {
	Records int64 // bytes
	Raw     int64 // bytes
	Lines   int64
	Chunks  int64
}

func (s *sums) add(t sums) {
	s.Records += t.Records
	s.Raw += t.Raw
	s.Lines += t.Lines
	s.Chunks += t.Chunks
}

// Index collects what the index of a frame holds while its records go by.
type Index struct {
	ChunkSize int64
	lone      bool   // of a lone frame
	groups    []byte // entries of the groups before the current one, as they are in the file
	group     sums   // the current one
	next      int64  // bytes of auxiliary records behind a full group: the next one has them, if any
	Total     sums
}

// NewIndex makes that of a frame with this header.
func NewIndex(h *Header) Index { return Index{ChunkSize: int64(h.ChunkSize), lone: h.Lone} }

// Chunk counts a chunk record of size bytes.
func (x *Index) Chunk(size int64, raw, lines int) {
	if x.group.Chunks == GroupSize {
		x.groups = appendGroup(x.groups, x.group, x.ChunkSize)
		x.group, x.next = sums{Records: x.next}, 0
	}
	s := sums{Records: size, Raw: int64(raw), Lines: int64(lines), Chunks: 1}
	x.group.add(s)
	x.Total.add(s)
}

// Auxiliary counts an auxiliary record of size bytes.
func (x *Index) Auxiliary(size int64) {
	x.Total.Records += size
	if x.group.Chunks == GroupSize {
		x.next += size
	} else {
		x.group.Records += size
	}
}

func appendGroup(dst []byte, g sums, chunkSize int64) []byte {
	dst = binary.AppendUvarint(dst, uint64(g.Records))
	dst = binary.AppendUvarint(dst, uint64(g.Chunks*chunkSize-g.Raw))
	return binary.AppendUvarint(dst, uint64(g.Lines))
}

// Body is the index up to its sections; header is the size of the frame's header.
func (x *Index) Body(header int64) []byte {
	b := binary.AppendUvarint(nil, uint64(header+x.Total.Records))
	b = binary.AppendUvarint(b, uint64(x.Total.Chunks))
	b = binary.AppendUvarint(b, uint64(x.Total.Raw))
	b = binary.AppendUvarint(b, uint64(x.Total.Lines))
	return append(b, x.groups...)
}

// AppendIndex appends index and footer of a frame.
func AppendIndex(dst []byte, x *Index, header int64) []byte {
	if x.lone {
		return appendLoneIndex(dst, &x.Total, header)
	}
	start := len(dst)
	body := x.Body(header)
	dst = append(dst, TagIndex)
	dst = binary.AppendUvarint(dst, uint64(len(body)))
	dst = append(dst, body...)
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], Castagnoli))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(dst)-start))
	return append(dst, FooterMagic...)
}

// readIndex reads index and footer of a frame from behind the index's tag, which the recorder
// keeps, and compares it with the records that went by.
func readIndex(r *recorder, x *Index, header int64) error {
	start := r.Off - 1
	n, err := readUvarint(r, 1<<32-1, "length of the index")
	if err != nil {
		return err
	}
	want := x.Body(header)
	at := len(r.buf)
	if err := r.record(int(min(n, uint64(len(want))))); err != nil {
		return err
	}
	agrees := bytes.Equal(r.buf[at:], want)
	sum := crc32.Checksum(r.buf, Castagnoli)
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
	return readFooter(r, r.Off-start)
}

// skipSections reads n bytes of optional sections. What is wrong with them counts only when the
// checksum is right.
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
		if sum, err = r.sumRest(crc32.Update(sum, Castagnoli, r.buf), size); err != nil {
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
	if err := r.record(FooterSize); err != nil {
		return err
	}
	if string(r.buf[4:]) != FooterMagic || int64(binary.LittleEndian.Uint32(r.buf)) != index {
		return fmt.Errorf("%w: footer", ErrCorrupt)
	}
	return nil
}
