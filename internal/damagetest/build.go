package damagetest

import (
	"bytes"

	"github.com/lmz-go/lmz/internal/format"
)

// Parts is a frame taken apart, to be built again with right checks around what may be wrong.
type Parts struct {
	Header  *format.Header
	Records []Record
	// Count, if it is set, says what the index tells of chunk i.
	Count func(i int, size int64, raw, lines int) (int64, int, int)
}

// Record is one of a chunk, or others as they are in the archive.
type Record struct {
	format.RecordHeader
	Payload []byte
	Literal []byte // not a chunk
}

// Take takes the frames of an archive apart.
func Take(archive []byte) ([]*Parts, error) {
	frames, err := format.ReadIndex(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	var list []*Parts
	for _, f := range frames {
		h := f.Header
		p := &Parts{Header: &h}
		at := f.Offset + int64(format.HeaderSize(archive[f.Offset:]))
		for i, c := range f.Chunks {
			if c.Offset > at {
				p.Records = append(p.Records, Record{Literal: archive[at:c.Offset]})
			}
			r, err := format.ParseRecord(archive[c.Offset:c.Offset+c.Size], h.ChunkSize, int64(i))
			if err != nil {
				return nil, err
			}
			p.Records = append(p.Records, Record{RecordHeader: r.RecordHeader, Payload: r.Payload})
			at = c.Offset + c.Size
		}
		if n := format.AuxiliarySize(archive[at:]); n > 0 {
			p.Records = append(p.Records, Record{Literal: archive[at : at+int64(n)]})
		}
		list = append(list, p)
	}
	return list, nil
}

// Protect makes the parity of the first chunk anew, where there is such.
func (p *Parts) Protect() {
	for _, kind := range []byte{format.AuxParity, format.AuxLoneParity} {
		if len(p.Records) > 1 && bytes.HasPrefix(p.Records[1].Literal, []byte{format.TagAuxiliary, kind}) {
			first := p.Records[0]
			record := format.AppendChunk(nil, &first.RecordHeader, p.Header.ChunkSize, 0, first.Payload)
			p.Records[1].Literal = format.AppendParity(nil, uint64(kind), record)
		}
	}
}

// Led makes the first n bytes of an archive of one frame and a primer the lead of its first chunk:
// the content begins behind them.
func Led(archive, content []byte, n int) (led []byte, err error) {
	frames, err := Take(archive)
	if err != nil {
		return nil, err
	}
	p := frames[0]
	first := &p.Records[0].RecordHeader
	first.Lines = bytes.Count(content[n:first.Raw], []byte{'\n'})
	first.Lead, first.Raw = n, first.Raw-n
	p.Protect()
	return Build(p), nil
}

// Build makes an archive of frames. Numbers, checks and indexes are right, but for Count.
func Build(frames ...*Parts) (archive []byte) {
	for _, p := range frames {
		header := format.AppendHeader(nil, p.Header)
		archive = append(archive, header...)
		x := format.NewIndex(p.Header)
		n := 0
		for _, r := range p.Records {
			if r.Literal != nil {
				archive = append(archive, r.Literal...)
				x.Auxiliary(int64(len(r.Literal)))
				continue
			}
			record := format.AppendChunk(nil, &r.RecordHeader, p.Header.ChunkSize, int64(n), r.Payload)
			archive = append(archive, record...)
			size, raw, lines := int64(len(record)), r.Raw, r.Lines
			if p.Count != nil {
				size, raw, lines = p.Count(n, size, raw, lines)
			}
			x.Chunk(size, raw, lines)
			n++
		}
		archive = format.AppendIndex(archive, &x, int64(len(header)))
	}
	return archive
}
