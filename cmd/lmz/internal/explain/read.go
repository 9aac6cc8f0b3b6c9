package explain

import (
	"context"
	"errors"
	"io"

	"github.com/lmz-go/lmz/internal/cost"
	"github.com/lmz-go/lmz/internal/format"
)

// Source says what of an archive is looked at, and how its content lies in a file. Fields may be
// nil.
type Source struct {
	// Looks says whether a chunk of so many bytes is looked at. nil: all are.
	Looks func(raw int) bool

	// Next says of the next n bytes of content how many follow each other in the file, at least one,
	// and how many the file has in front of them that are left out. nil: none are.
	Next func(n int) (gap int64, took int)

	// Seen is told how many bytes have been looked at.
	Seen func(n int)
}

// Read decodes an archive and reports on it. The Report has no name yet: see Finish. Of an archive
// that is being written there is a Report with format.ErrUnfinished.
func Read(ctx context.Context, archive io.Reader, o cost.Options, s Source) (*Report, error) {
	c, settings, chunks := NewCollector(), Settings{}, []Chunk{}
	var raw, payloads int64
	var lead float64 // bits
	v := cost.Visitor{
		Frame: func(h *format.Header) {
			if h.Mixes {
				settings.Level = &h.Level
			}
			if h.Model != nil {
				settings.Model = h.Model.Name
			}
		},
		Chunk: func(r *format.Record) bool {
			looks := s.Looks == nil || s.Looks(r.Raw)
			if len(chunks) < maxChunks {
				chunks = append(chunks, Chunk{
					Number: len(chunks), Offset: raw, Raw: r.Raw, Payload: r.RecordHeader.Payload, Method: r.Method.String(), Explained: looks,
					PerByte: share(8*float64(r.RecordHeader.Payload), float64(r.Raw)),
				})
			}
			settings.ChunkCount++
			raw += int64(r.Raw)
			payloads += int64(r.RecordHeader.Payload)
			if !looks {
				c.Skip(int64(r.Raw))
			}
			return looks
		},
		Lead: func(bits float64) { lead += bits },
		Bytes: func(text []byte, costs []cost.Byte) {
			if s.Seen != nil {
				s.Seen(len(text))
			}
			for len(text) > 0 {
				n := len(text)
				if s.Next != nil {
					gap, took := s.Next(n)
					if gap > 0 {
						c.Skip(gap)
					}
					n = took
				}
				c.Add(text[:n], costs[:n])
				text, costs = text[n:], costs[n:]
			}
		},
	}
	size, err := cost.Walk(ctx, archive, o, v)
	if err != nil && !errors.Is(err, format.ErrUnfinished) {
		return nil, err
	}
	r := c.Report()
	r.Settings, r.Chunks, r.RawBytes, r.CompressedBytes, r.Around = settings, chunks, raw, size, size-payloads+int64(lead/8)
	r.Sampled = r.ExplainedBytes < raw
	return r, err
}

// maxChunks is how many chunks a Report lists at most: the first ones.
const maxChunks = 10_000
